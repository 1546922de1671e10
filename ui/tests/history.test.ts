import { describe, expect, it } from "vitest";
import { columnsOf } from "../src/history/columns";
import type { Drawn } from "../src/history/api";

function drawn(t: number[], mean: (number | null)[], count: number[], left_out: number[]): Drawn {
  return { id: "x", label: "x", unit: "V", step_ms: 1000, source: "sweeps", t, low: mean, high: mean, mean, count, left_out };
}

describe("a figure over time", () => {
  it("is in the unit that is shown, with its sweeps counted", () => {
    const found = columnsOf(drawn([0, 1000, 2000], [1, null, 3], [2, 0, 2], [0, 2, 1]), 1000);
    expect(found.t).toEqual([0, 1, 2]);
    expect(found.mean).toEqual([1000, null, 3000]);
    expect([found.sweeps, found.leftOut, found.gaps]).toEqual([7, 3, 0]);
  });

  it("has a hole where no sweep was", () => {
    const found = columnsOf(drawn([0, 1000, 2000, 9000, 10_000], [1, 1, 1, 2, 2], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]), 1);
    expect(found.t).toEqual([0, 1, 2, 3, 9, 10]);
    expect(found.mean).toEqual([1, 1, 1, null, 2, 2]);
    expect(found.gaps).toBe(1);
  });

  it("takes a device that is read less often than once a span for no gap", () => {
    const found = columnsOf(drawn([0, 5000, 10_000, 15_000], [1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 0, 0]), 1);
    expect(found.gaps).toBe(0);
    expect(found.t).toEqual([0, 5, 10, 15]);
  });
});
