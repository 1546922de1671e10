/**
 * Time, as the scene knows it: a clock and the snapshot that stands for its moment. Live, both come from the plant; a
 * player of the past brings its own. The scene asks nothing else of the page for what it shows of the plant.
 */

import { effect } from "@preact/signals";
import { isFresh } from "../figures/quality";
import { worthOf } from "../figures/reading";
import { model, paused, serverNow, snapshot, type Snapshot } from "../figures/snapshot";
import { find } from "../plant/model";

export interface Source {
  /** What the plant said at this moment, null before it said anything. */
  readonly shown: Snapshot | null;
  /** The moment, ms since epoch by the server's clock; NaN before the first snapshot. */
  now(): number;
  /** Whether time runs: what registers move stands still while it does not. */
  readonly running: boolean;
  /** The value of a metric at a part in SI at this moment; null where there is none. */
  value(part: string, metric: string): number | null;
  /** Whether that value speaks of this moment: neither late nor silent. */
  fresh(part: string, metric: string): boolean;
  /** Calls at once and whenever any of this changed; gives back what ends it. */
  watch(changed: () => void): () => void;
}

function reading(part: string, metric: string): ReturnType<typeof worthOf> | null {
  const of = model.value;
  const id = of ? find(of, part, metric) : null;
  return of && id ? worthOf(of, id, snapshot.value) : null;
}

/** The plant as it is, or as the pause button holds it. */
export const live: Source = {
  get shown() {
    return snapshot.value;
  },
  now() {
    return snapshot.value ? serverNow(snapshot.value) : NaN;
  },
  get running() {
    return !paused.value;
  },
  value: (part, metric) => reading(part, metric)?.value ?? null,
  fresh(part, metric) {
    const found = reading(part, metric);
    return found !== null && isFresh(found.quality);
  },
  watch: (changed) => effect(changed),
};
