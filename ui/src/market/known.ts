/** Stretches of days of which this machine has prices. */

import type { Prices, Span } from "./answers";
import { later } from "./write";

export interface Stretch extends Span {
  source: string;
}

/** Stretches that follow each other as one; those that ship with the program stay apart. */
export function stretches(known: Prices["known"]): Stretch[] {
  const found: Stretch[] = [];
  const fetched = known.filter((one) => one.source !== "sample").sort((a, b) => a.first.localeCompare(b.first));
  for (const one of fetched) {
    const before = found[found.length - 1];
    if (before && one.first <= later(before.last, 1)) before.last = before.last > one.last ? before.last : one.last;
    else found.push({ ...one });
  }
  return [...found, ...known.filter((one) => one.source === "sample")];
}

/** Whether one stretch, or what ships and one stretch together, holds all days of a span. */
export function covers(known: Prices["known"], span: Span): boolean {
  return stretches(known.map((one) => ({ ...one, source: "any" }))).some((one) => one.first <= span.first && one.last >= span.last);
}
