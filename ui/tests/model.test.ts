import { beforeEach, describe, expect, it } from "vitest";
import { read } from "../src/figures/reading";
import { held, live, model, take, tick } from "../src/figures/snapshot";
import { groupsOf } from "../src/levels/groups";
import { buildModel, find, findAll, indexIn, sourceOf } from "../src/plant/model";
import { rowsOf, type Wanted } from "../src/registers/rows";
import { readFrame } from "../src/wire/frame";
import { frame, levels, plant, schema } from "./fixtures/plant";

const NOW = 1_700_000_000_000;
const of = buildModel(schema, plant, levels);

describe("the plant under one index", () => {
  it("finds figures by part and quantity, those that are read first", () => {
    expect(find(of, "c1/r01", "soc")).toBe("c1/r01/soc@bcu1");
    expect(findAll(of, "c1/r01", "soc")).toEqual(["c1/r01/soc@bcu1", "c1/r01/soc@bau1"]);
    expect(sourceOf(of, "c1/r01/m1/cell001/voltage")).toBe("bcu1");
    expect(find(of, "c1", "cell_voltage_mean")).toBe("c1/cell_voltage_mean");
  });

  it("lays the cells out in plant order", () => {
    expect(of.cells?.parts).toHaveLength(12);
    expect(indexIn(of.cells, "c1/r02/m1/cell002")).toBe(7);
    expect(indexIn(of.cells, "c1/r09/m1/cell002")).toBe(-1);
    expect(of.sensors).toBeNull();
  });

  it("groups a level's figures by kind of part and keeps what two devices say side by side", () => {
    const [rack] = groupsOf(["c1/r01/soc@bcu1", "c1/r01/soc@bau1", "c1/r01/m1/cell001/voltage"]);
    expect(rack?.kind).toBe("rack");
    expect(rack?.rows.get("c1/r01")?.get("soc")).toEqual(["c1/r01/soc@bcu1", "c1/r01/soc@bau1"]);
  });
});

describe("a figure", () => {
  beforeEach(() => {
    model.value = of;
    live.value = null;
    held.value = null;
  });

  const show = async (blocks: number[], laterMs = 0) => {
    live.value = take(await readFrame(frame(NOW, blocks)), of);
    tick.value = live.value.receivedMs + laterMs;
  };

  it("is a dash before the first reading, never a zero", () => {
    expect(read("meter/active_power")).toMatchObject({ shown: "—", value: null, quality: 0, ageS: null });
    expect(read("c1/cell_voltage_mean")).toMatchObject({ shown: "—", value: null, quality: 0 });
  });

  it("stays a dash while its block has not answered", async () => {
    await show([0, NOW, NOW]);
    expect(read("meter/active_power")).toMatchObject({ shown: "—", quality: 0, ageS: null });
  });

  it("is decoded here, with its unit, its age and its register", async () => {
    await show([NOW - 400, NOW - 300, NOW - 200]);
    expect(read("meter/active_power")).toMatchObject({ value: -1234.5, shown: "−1.2", shownUnit: "kW", quality: 1, register: "FC 3 · 19026 · float32" });
    expect(read("meter/active_power").ageS).toBeCloseTo(0.4, 3);
    expect(read("pcs1/igbt_temperature_1")).toMatchObject({ value: 61, suspect: "byte order not stated" });
    expect(read("c1/cell_voltage_mean")).toMatchObject({ derived: true, value: 3.3055, shown: "3.3055" });
    expect(read("c1/cell_voltage_mean").ageS).toBeCloseTo(0.3, 3);
  });

  it("grows old and turns stale when nothing more comes", async () => {
    await show([NOW - 400, NOW, NOW], 20_000);
    expect(read("meter/active_power")).toMatchObject({ value: -1234.5, quality: 2 });
    expect(read("meter/active_power").ageS).toBeCloseTo(20.4, 3);
    expect(read("c1/cell_voltage_mean").quality).toBe(2);
  });

  it("keeps the quality of the moment while the page is held", async () => {
    await show([NOW - 400, NOW, NOW], 20_000);
    held.value = live.value;
    expect(read("meter/active_power").quality).toBe(1);
  });

  it("that no device carries is not mapped", async () => {
    await show([NOW, NOW, NOW]);
    expect(read("pcs1/heat_sink_temperature")).toMatchObject({ shown: "—", quality: 7 });
  });
});

describe("the register table", () => {
  const all: Wanted = { text: "", device: "", quality: null, suspect: false, sort: "device", descending: false };
  const ids = (wanted: Partial<Wanted>) => Array.from(rowsOf(of, null, { ...all, ...wanted }), (i) => schema.points.id[i]);

  it("finds by words, address, hex address and device", () => {
    expect(ids({ text: "igbt" })).toHaveLength(2);
    expect(ids({ text: "19026" })).toEqual(["meter/active_power"]);
    expect(ids({ text: "0x4A52" })).toEqual(["meter/active_power"]);
    expect(ids({ text: "device:bcu2 cell001" })).toEqual(["c1/r02/m1/cell001/voltage", "c1/r02/m2/cell001/voltage"]);
    expect(ids({ suspect: true })).toEqual(["pcs1/igbt_temperature_1"]);
  });

  it("sorts both ways", () => {
    const up = ids({ sort: "address" });
    expect(ids({ sort: "address", descending: true })[0]).toBe(up[up.length - 1]);
  });
});
