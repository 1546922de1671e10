/** The signal that was opened last by hand: its page takes the focus, and the list gives it back to its row. */

import { navigate } from "../page/route";

let last: string | null = null;

export function openSignal(metric: string): void {
  last = metric;
  navigate({ view: "signals", signal: metric, figure: null });
}

export function wasOpened(metric: string): boolean {
  return last === metric;
}

/** Gives the metric once. */
export function leftFrom(): string | null {
  const metric = last;
  last = null;
  return metric;
}
