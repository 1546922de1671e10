/** Several figures in one plot: their columns on one axis of time. */

import type { Columns } from "./columns";

export interface Together {
  /** s since the epoch, every time that any figure has */
  t: number[];
  /** per figure low, high, mean; `undefined` where only another figure has this time, null where there is a hole */
  rows: { low: (number | null | undefined)[]; high: (number | null | undefined)[]; mean: (number | null | undefined)[] }[];
}

export function together(figures: readonly Columns[]): Together {
  const t = [...new Set(figures.flatMap((one) => one.t))].sort((a, b) => a - b);
  const place = new Map(t.map((s, i) => [s, i]));
  const rows = figures.map((one) => {
    const row = { low: new Array<number | null | undefined>(t.length), high: new Array<number | null | undefined>(t.length), mean: new Array<number | null | undefined>(t.length) };
    one.t.forEach((s, i) => {
      const at = place.get(s)!;
      [row.low[at], row.high[at], row.mean[at]] = [one.low[i], one.high[i], one.mean[i]];
    });
    return row;
  });
  return { t, rows };
}
