/** Figures of a field that a scale or a picture needs; what a person reads as a number comes from the server's formulas. */

export interface Field {
  /** Indices (into the field) of the values that count, ascending by value. */
  order: number[];
  mean: number;
  low: number;
  high: number;
}

/** The values of a field that are there and good enough to count; null where there are none. */
export function summarise(values: ArrayLike<number>, counts: (i: number) => boolean): Field | null {
  const order: number[] = [];
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!) || !counts(i)) continue;
    order.push(i);
    sum += values[i]!;
  }
  if (order.length === 0) return null;
  order.sort((a, b) => values[a]! - values[b]! || a - b);
  return { order, mean: sum / order.length, low: values[order[0]!]!, high: values[order[order.length - 1]!]! };
}

/** The value below which a share of a sorted field lies. */
export function percentile(values: ArrayLike<number>, field: Field, share: number): number {
  const at = Math.min(field.order.length - 1, Math.max(0, Math.round(share * (field.order.length - 1))));
  return values[field.order[at]!]!;
}

/** The next of 1, 2, 5 × 10^n that is not smaller. */
export function nice(value: number): number {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * ten).find((step) => step >= value - 1e-12)!;
}

/** A round number that is not smaller, in finer steps than `nice`: the reach of a symmetric scale. */
export function reachOf(value: number): number {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * ten).find((step) => step >= value - 1e-12)!;
}

/** Ticks of an axis: round numbers from `from` to `to`, about `count` of them. */
export function ticks(from: number, to: number, count: number): number[] {
  const step = nice((to - from) / Math.max(1, count));
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Bins of a histogram between two bounds. */
export function histogram(values: ArrayLike<number>, field: Field, from: number, step: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const i of field.order) counts[Math.min(bins - 1, Math.max(0, Math.floor((values[i]! - from) / step + 1e-9)))]!++;
  return counts;
}
