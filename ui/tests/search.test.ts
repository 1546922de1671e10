import { describe, expect, it, vi } from "vitest";
import { speak } from "../src/i18n";
import { partShort, partTitle, splitId } from "../src/plant/parts";
import { buildModel } from "../src/plant/model";
import { findAll, flyTo, type Found } from "../src/page/finds";
import { readHash } from "../src/page/route";
import { extremeIn, levelOf, readQuery, search } from "../src/plant/search";
import { levels, plant, schema } from "./fixtures/plant";

const of = buildModel(schema, plant, levels);

describe("finding a figure", () => {
  it("reads parts in words, short or German", () => {
    expect([...readQuery("rack 4 module 3 cell 26").segments.values()]).toEqual(["r04", "m3", "cell026"]);
    expect([...readQuery("r4 m3 z26").segments.values()]).toEqual(["r04", "m3", "cell026"]);
    expect([...readQuery("Strang 4, Modul 3, Fühler 5").segments.values()]).toEqual(["r04", "m3", "ntc05"]);
    expect(readQuery("rack 4 soc").rest).toEqual(["soc"]);
  });

  it("puts the named part first", () => {
    expect(search(of, "rack 2 module 1 cell 3")[0]?.id).toBe("c1/r02/m1/cell003/voltage");
    expect(search(of, "c1/r01/soc@bau1")[0]?.id).toBe("c1/r01/soc@bau1");
    expect(search(of, "19026")[0]?.id).toBe("meter/active_power");
    expect(search(of, "rack 7")).toEqual([]);
  });

  it("knows which level shows it", () => {
    expect(levelOf(of, "c1/r02/m1/cell003/voltage")).toBe(4);
    expect(levelOf(of, "meter/active_power")).toBe(1);
    expect(levelOf(of, "pcs1/igbt_temperature_1")).toBeNull();
  });
});

describe("finding what stands out", () => {
  it.each([
    ["weakest cell", "lowest-cell"], ["schwächste Zelle", "lowest-cell"], ["lowest voltage", "lowest-cell"], ["die niedrigste Zelle", "lowest-cell"],
    ["strongest", "highest-cell"], ["stärkste Zelle", "highest-cell"], ["hottest NTC", "hottest-sensor"], ["wärmster Fühler", "hottest-sensor"],
    ["Waermster NTC", "hottest-sensor"], ["warmest sensor", "hottest-sensor"], ["highest temperature", "hottest-sensor"], ["kältester NTC", "coldest-sensor"],
    ["weakest sensor", null], ["weakest link", null], ["rack 4", null],
  ])("%s", (query, which) => {
    expect(extremeIn(query)).toBe(which);
  });
});

describe("everything that can be flown to", () => {
  const signals = [{ metric: "cell.voltage", title: "Cell voltage" }, { metric: "meter.active_power", title: "Active power" }];
  const all = (query: string, extreme: string | null = null) => findAll(of, query, signals, () => extreme);

  it("is a level by number or title, a device by id or label, a signal, a register by its address", () => {
    expect(all("level 3")[0]).toEqual({ kind: "level", level: 3 });
    expect(all("Ebene 1")[0]).toEqual({ kind: "level", level: 1 });
    expect(all("handover")[0]).toEqual({ kind: "level", level: 1 });
    expect(all("bcu2")[0]).toEqual({ kind: "device", id: "bcu2" });
    expect(all("cell voltage")).toContainEqual({ kind: "signal", metric: "cell.voltage", title: "Cell voltage" });
    expect(all("19026")[0]).toEqual({ kind: "figure", id: "meter/active_power" });
    expect(all("0x4A52")[0]).toEqual({ kind: "figure", id: "meter/active_power" });
    expect(all("bcu2 10002")[0]).toEqual({ kind: "figure", id: "c1/r02/m1/cell002/voltage" });
    expect(all("")).toEqual([]);
  });

  it("puts what stands out first, and nothing where nothing was read", () => {
    expect(all("weakest cell", "c1/r01/m1/cell002/voltage")[0]).toEqual({ kind: "figure", id: "c1/r01/m1/cell002/voltage", extreme: "lowest-cell" });
    expect(all("weakest cell")).toEqual([]);
  });

  it.each<[Found, object]>([
    [{ kind: "figure", id: "c1/r02/m1/cell003/voltage" }, { view: "level", level: 4, figure: "c1/r02/m1/cell003/voltage", at: "c1/r02/m1/cell003" }],
    [{ kind: "figure", id: "pcs1/igbt_temperature_1" }, { view: "registers", figure: "pcs1/igbt_temperature_1" }],
    [{ kind: "level", level: 3 }, { view: "level", level: 3, at: null }],
    [{ kind: "device", id: "bcu2" }, { view: "level", level: 4, at: "c1/r02/m1/cell001", figure: null }],
    [{ kind: "signal", metric: "cell.voltage", title: "" }, { view: "signals", signal: "cell.voltage" }],
  ])("leads there: %o", (found, place) => {
    const here = { hash: "#/level/1" };
    vi.stubGlobal("location", here);
    flyTo(of, found);
    vi.unstubAllGlobals();
    expect(readHash(here.hash)).toMatchObject(place);
  });
});

describe("names of parts", () => {
  it("come in words and in short", async () => {
    await speak("en");
    expect(partTitle("c1/r04/m3/cell026")).toBe("Rack 4 · Module 3 · Cell 26");
    expect(partShort("c1/r04/m3/cell026")).toBe("R4 M3 C26");
    await speak("de");
    expect(partTitle("c1/r04/m3/ntc05")).toBe("Strang 4 · Modul 3 · NTC 5");
    await speak("en");
    expect(partTitle("c1")).toBe("Container 1");
  });

  it("split from their figure", () => {
    expect(splitId("c1/r04/voltage@bcu04.3-225")).toEqual({ part: "c1/r04", metric: "voltage", device: "bcu04.3-225" });
    expect(splitId("meter/active_power")).toEqual({ part: "meter", metric: "active_power", device: null });
  });
});
