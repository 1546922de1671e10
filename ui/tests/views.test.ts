import { describe, expect, it } from "vitest";
import { curve } from "../src/market/slotplot";
import { laid, priced } from "../src/market/realised";
import { used } from "../src/market/eight";
import type { Realised } from "../src/market/answers";
import { rules } from "../src/views/rules";
import { said } from "../src/views/table";
import { written } from "../src/views/write";

const QUARTER = 900_000;
const MIDNIGHT = Date.parse("2026-10-07T22:00:00Z");

function realised(days: number, without: number[]): Pick<Realised, "start_ms" | "price" | "power_w" | "eur" | "minutes"> {
  const start_ms = Array.from({ length: 96 * days }, (_, i) => MIDNIGHT + i * QUARTER);
  const price = start_ms.map((_, i) => (without.includes(i) ? null : i));
  return { start_ms, price, power_w: start_ms.map((_, i) => i * 1e3), eur: price, minutes: 15 };
}

describe("what was counted", () => {
  it("is shown over the last whole days that have prices", () => {
    expect(priced(realised(3, []))).toEqual({ first: "2026-10-08", last: "2026-10-10" });
    expect(priced(realised(3, [5]))).toEqual({ first: "2026-10-09", last: "2026-10-10" });
    expect(priced(realised(3, [100, 250]))).toEqual({ first: "2026-10-08", last: "2026-10-08" });
    expect(priced(realised(1, [5]))).toBeNull();
    expect(priced(realised(12, []))).toEqual({ first: "2026-10-12", last: "2026-10-19" });
  });

  it("is laid on the slots of the maximum, which may be shorter", () => {
    const hours = { start_ms: [MIDNIGHT, MIDNIGHT + 4 * QUARTER], power_w: [1, 2], eur: [3, null], minutes: 60 } as Realised;
    const slots = { start_ms: [0, 1, 3, 4, 8].map((n) => MIDNIGHT + n * QUARTER) };
    expect(laid(slots, hours)).toEqual({ power: [1, 1, 1, 2, null], eur: [3, 3, 3, null, null] });
  });

  it("breaks the curve where nothing was counted", () => {
    const path = curve({ start_ms: [0, 1, 2, 3] }, [1, 1, null, 1], (ms) => ms, (w) => w, 1);
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it("counts hours of the quarters only where they were counted, and no standing draw", () => {
    const slots = { minutes: 15, price: [0, 0, 100, 100], power_w: [-1000, -20, 1000, 0] };
    expect(used(slots, [10, 90])).toEqual({ all: 1, caught: 0.75 });
    expect(used(slots, [10, 90], undefined, 100)).toEqual({ all: 1, caught: 0.5 });
    expect(used(slots, [10, 90], [true, true, false, true], 100)).toEqual({ all: 0.75, caught: 0.25 });
  });
});

describe("a fact", () => {
  it("is written in the units of the field", () => {
    expect(written(2_484_786, "W", "measured.power_out")).toEqual({ shown: "2.485", unit: "MW" });
    expect(written(97_209.8, "EUR/MW", "x")).toEqual({ shown: "97,210", unit: "EUR/MW" });
    expect(written(1990.527, "EUR", "x")).toEqual({ shown: "1,990.53", unit: "EUR" });
    expect(written(7.25, "s", "x")).toEqual({ shown: "7.3", unit: "s" });
    expect(written(414.75, "1", "x")).toEqual({ shown: "414.75", unit: "" });
    expect(written(null, "W", "x").shown).toBe("—");
  });

  it("says the cells of its table", () => {
    expect([said(null, "h", "h"), said("c1/r01", "", "part"), said(1.5, "h", "h")]).toEqual(["—", "c1/r01", "1.5 h"]);
  });
});

describe("a role", () => {
  it("colours the levels whose metrics the plant has, and their figures", () => {
    const of = { refs: new Map(["meter/energy_export", "c1/r01/soh", "c1/r01/soh@b", "pcs1/active_power"].map((id) => [id, { derived: false, index: 0 }])) };
    const text = rules(of, { "13": ["meter.energy_export", "meter.energy_import"], "3": ["rack.soh"], "7": ["cell.voltage"] }, 13);
    expect(text).toContain("li:nth-child(13) .level { --weight: 1;");
    expect(text).toContain("li:nth-child(3) .level { --weight: 1;");
    expect(text).not.toContain("nth-child(7)");
    expect(text).toContain('[data-figure="meter/energy_export"]');
    expect(text).not.toContain('"c1/r01/soh"');
  });
});
