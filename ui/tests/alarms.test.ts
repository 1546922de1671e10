import { describe, expect, it } from "vitest";
import { openCircuit, socAround } from "../src/figures/asked";
import { Quality } from "../src/figures/quality";
import { near } from "../src/levels/ocv";
import { isTransformed } from "../src/levels/oneline";
import { alarmRegisters, isOpen, isSet } from "../src/plant/alarms";
import { buildModel } from "../src/plant/model";
import type { OcvCurve, PointColumns, Schema, SymbolRow } from "../src/wire/schema";
import { levels, plant, schema } from "./fixtures/plant";

/** The fixture's schema with its first points turned into other registers. */
function withPoints(rows: Partial<Record<keyof PointColumns, unknown>>[]): Schema {
  const points = structuredClone(schema.points);
  rows.forEach((row, i) => {
    for (const [column, value] of Object.entries(row)) (points[column as "id"] as unknown[])[i] = value;
  });
  return { ...schema, points };
}

const word = (part: string, name: string, metric: string | null, more: object = {}) => ({ id: `${part}/${name}`, part, name, metric, type: "bitfield16", unit: "code", fc: 3, access: "R", ...more });

describe("registers that speak of trouble", () => {
  const of = buildModel(
    withPoints([
      word("c1/r01", "alarm_2_low", "rack.alarm_2_low"),
      word("c1/r01", "alarm_reset", null),
      word("c1/r02", "pre_alarm_limit", null, { access: "RW" }),
      word("c1/leak1", "status", "leak.status"),
    ]),
    plant,
    levels,
  );
  const found = new Map(alarmRegisters(of).map((register) => [register.id, register]));

  it("are found by what the map calls them, settings and resets are none", () => {
    expect([...found.keys()].filter((id) => /alarm|status/.test(id))).toEqual(["c1/r01/alarm_2_low", "c1/leak1/status"]);
  });

  it("stand on the levels of their kind of part, leaks on the level of safety too", () => {
    expect(found.get("c1/r01/alarm_2_low")!.levels).toEqual(expect.arrayContaining([3, 6]));
    expect(found.get("c1/r01/alarm_2_low")!.grade).toBe(2);
    expect(found.get("c1/leak1/status")!.levels).toContain(14);
  });

  it("are set by any of their bits", () => {
    const alarm = found.get("c1/r01/alarm_2_low")!;
    expect([0, NaN, 1, 0x8000].map((value) => isSet(alarm, value))).toEqual([false, false, true, true]);
    expect(isSet({ ...alarm, mask: 1n }, 2)).toBe(false);
    expect(isSet({ ...alarm, as: "code" }, 3)).toBe(true);
  });
});

describe("a contactor", () => {
  const open: SymbolRow[] = [{ value: 0, name: "OPEN", label: "Open" }];
  const closed: SymbolRow[] = [{ value: 2, name: "MAIN_CLOSED", label: "Main contactor closed" }];

  it("is open by the name of its value or by a bit called closed", () => {
    expect(isOpen("enum16", open, 0)).toBe(true);
    expect(isOpen("enum16", open, 1)).toBe(false);
    expect(isOpen("bitfield32", closed, 3)).toBe(true);
    expect(isOpen("bitfield32", closed, 4)).toBe(false);
    expect(isOpen("bitfield32", [], 0)).toBe(false);
  });
});

describe("the open-circuit curve", () => {
  const curve: OcvCurve = { label: "", source: "", licence: "", temperature_c: 25, soc: [0, 10, 100], mean: [2.5, 3.2, 3.4], charge: [2.53, 3.23, 3.43], discharge: [2.47, 3.17, 3.37] };

  it("is straight between its points and flat outside", () => {
    expect([-5, 0, 5, 10, 55, 100, 120].map((soc) => Number(openCircuit(curve, soc).toFixed(6)))).toEqual([2.5, 2.5, 2.85, 3.2, 3.3, 3.4, 3.4]);
  });

  it("is shown around the point, within 0 and 100 %", () => {
    const low = near(curve, { soc: 2, volts: 2.6 });
    expect(low.soc).toEqual([0, 16]);
    expect(low.volts[0]).toBeLessThan(2.6);
    expect(near(curve, { soc: 99, volts: 3.4 }).soc).toEqual([84, 100]);
  });

  it("takes the state of charge that stands nearest and that a device has", () => {
    const of = buildModel(schema, plant, levels);
    expect(socAround(of, "c1/r01/m1/cell001", () => Quality.Good)).toBe("c1/r01/soc@bcu1");
    expect(socAround(of, "c1/r01/m1/cell001", (id) => (id.endsWith("bcu1") ? Quality.Exception : Quality.Good))).toBe("c1/r01/soc@bau1");
    expect(socAround(of, "c1/r02/m1/cell001", () => Quality.Good)).toBeNull();
  });
});

describe("the one-line diagram", () => {
  it("draws a transformer as long as nothing says that there is none", () => {
    expect(isTransformed(buildModel(schema, plant, levels), ["pcs1"])).toBe(true);
  });
});
