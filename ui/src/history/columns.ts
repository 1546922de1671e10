/** What a plot needs of a figure that was drawn together: gaps where no sweep was, in the unit that is shown. */

import type { Drawn } from "./api";

export interface Columns {
  /** s since the epoch */
  t: number[];
  low: (number | null)[];
  high: (number | null)[];
  mean: (number | null)[];
  /** sweeps of the whole time, and those of them that brought no value */
  sweeps: number;
  leftOut: number;
  /** stretches without any sweep, and the rows that stand for them */
  gaps: number;
  holes: Set<number>;
}

/** A missing span is drawn as a hole: one row of nulls where the next begins later than it should. */
export function columnsOf(drawn: Drawn, factor: number): Columns {
  const found: Columns = { t: [], low: [], high: [], mean: [], sweeps: 0, leftOut: 0, gaps: 0, holes: new Set() };
  const scaled = (value: number | null) => (value === null ? null : value * factor);
  drawn.t.forEach((ms, i) => {
    const before = drawn.t[i - 1];
    // a device slower than the spans leaves some of them empty: that is no gap
    if (before !== undefined && ms - before > Math.max(1.5 * drawn.step_ms, 3 * usual(drawn.t))) {
      found.holes.add(found.t.length);
      found.t.push((before + drawn.step_ms) / 1000);
      for (const column of [found.low, found.high, found.mean]) column.push(null);
      found.gaps += 1;
    }
    found.t.push(ms / 1000);
    found.low.push(scaled(drawn.low[i] ?? null));
    found.high.push(scaled(drawn.high[i] ?? null));
    found.mean.push(scaled(drawn.mean[i] ?? null));
    found.sweeps += drawn.count[i]! + drawn.left_out[i]!;
    found.leftOut += drawn.left_out[i]!;
  });
  return found;
}

const kept = new WeakMap<number[], number>();

/** The middle distance between two spans. */
function usual(t: number[]): number {
  let found = kept.get(t);
  if (found === undefined) {
    const steps = t.slice(1).map((ms, i) => ms - t[i]!).sort((a, b) => a - b);
    found = steps[steps.length >> 1] ?? 0;
    kept.set(t, found);
  }
  return found;
}
