import { describe, expect, it } from "vitest";
import { flowOf } from "../src/levels/oneline";
import { readPositions } from "../src/levels/sensorplaces";
import { decimalsFor } from "../src/twin2d/bars";
import { cividis, diverging, shareOf, stepOf, STEPS } from "../src/twin2d/colour";
import { cellAt, cellUnder, columnsOf, layOut, step } from "../src/twin2d/grid";
import { histogram, nice, percentile, reachOf, summarise, ticks } from "../src/twin2d/statistics";

describe("the field of cells", () => {
  it.each([[1100, 5], [780, 5], [340, 5]])("finds every cell again under its own pixel at %d px", (width, smallest) => {
    const grid = layOut(12, 4, 104, width, 1, smallest);
    expect(grid.width).toBeLessThanOrEqual(width);
    for (let i = 0; i < 12 * 4 * 104; i++) {
      const [x, y] = cellAt(grid, i);
      expect(cellUnder(grid, x, y)).toBe(i);
      expect(cellUnder(grid, x + grid.cell - 1, y + grid.cell - 1)).toBe(i);
    }
  });

  it("puts racks in lines where the width asks for it", () => {
    expect(layOut(12, 4, 104, 1100, 1, 5).racksPerLine).toBe(12);
    expect(layOut(12, 4, 104, 340, 1, 5).racksPerLine).toBe(6);
    expect(columnsOf(104)).toBe(8);
    expect(columnsOf(24)).toBe(4);
    expect(columnsOf(101) * Math.ceil(101 / columnsOf(101))).toBeGreaterThanOrEqual(101);
  });

  it.each([[8, 20, 12], [8, 20, 4], [2, 40, 8]])("draws %d racks of %d modules of %d no tower", (racks, modules, each) => {
    const grid = layOut(racks, modules, each, 1100, 1, 5);
    expect(grid.height).toBeLessThanOrEqual(640);
    expect(grid.width).toBeLessThanOrEqual(1100);
    expect(grid.columns * grid.rows).toBe(each);
    const places = new Set(Array.from({ length: racks * modules * each }, (_, i) => cellAt(grid, i).join()));
    expect(places.size).toBe(racks * modules * each);
  });

  it("is walked by arrow keys across modules and racks", () => {
    const grid = layOut(2, 2, 104, 1100, 1, 5);
    expect(step(grid, 0, "ArrowRight")).toBe(1);
    expect(step(grid, 7, "ArrowRight")).toBe(208);
    expect(step(grid, 96, "ArrowDown")).toBe(104);
    expect(step(grid, 0, "ArrowLeft")).toBe(0);
    expect(step(grid, 5, "End")).toBe(415);
  });
});

describe("scales", () => {
  it("know percentiles, round reaches and ticks", () => {
    const values = Array.from({ length: 101 }, (_, i) => (i === 50 ? NaN : i / 10));
    const field = summarise(values, (i) => i !== 100)!;
    expect(field.order).toHaveLength(99);
    expect([field.low, field.high]).toEqual([0, 9.9]);
    expect(percentile(values, field, 0.5)).toBeCloseTo(4.9, 9);
    expect(summarise([NaN], () => true)).toBeNull();
    expect([nice(0.7), nice(22), nice(0)]).toEqual([1, 50, 1]);
    expect([reachOf(22), reachOf(5.2)]).toEqual([30, 6]);
    expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect([[0, 0.5], [3.24, 3.25], [1350], [3.24], [-0.005]].map(decimalsFor)).toEqual([1, 2, 0, 2, 3]);
    expect(histogram([1, 1, 2], summarise([1, 1, 2], () => true)!, 0.5, 1, 3)).toEqual([2, 1, 0]);
  });

  it("hold colours to their range", () => {
    expect([stepOf(-1), stepOf(0), stepOf(1), stepOf(7)]).toEqual([0, 0, STEPS - 1, STEPS - 1]);
    expect(cividis.css(0)).toBe("rgb(0 34 78)");
    expect(cividis.css(1)).toBe("rgb(254 232 56)");
    expect(shareOf({ from: -5, to: 5, ramp: diverging, zero: 3 }, 3)).toBe(0.5);
  });
});

describe("flow on a line", () => {
  it("takes its direction from the sign and its speed from the share of the rated power", () => {
    expect(flowOf(null, 1e6)).toEqual({ direction: "unknown", speed: 0 });
    expect(flowOf(5e3, 1e6)).toEqual({ direction: "still", speed: 0 });
    expect(flowOf(50e3, 1e6)).toEqual({ direction: "out", speed: 1 });
    expect(flowOf(-300e3, 1e6)).toEqual({ direction: "in", speed: 2 });
    expect(flowOf(-900e3, 1e6)).toEqual({ direction: "in", speed: 3 });
  });
});

describe("sensor places", () => {
  it("are taken only where every sensor has one", () => {
    expect(readPositions([1, 5, 9], 3, 10)).toEqual([0, 4, 8]);
    expect(readPositions({ ntc01: 2, ntc02: 6 }, 2, 10)).toEqual([1, 5]);
    expect(readPositions([1, 5], 3, 10)).toBeNull();
    expect(readPositions(undefined, 3, 10)).toBeNull();
  });
});
