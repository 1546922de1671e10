/** What is on the page now: the newest frame, decoded, or the one that the pause button holds. */

import { computed, signal } from "@preact/signals";
import type { Frame } from "../wire/frame";
import type { LinkState } from "../wire/live";
import type { Health } from "../wire/schema";
import type { Model } from "../plant/model";

export interface Snapshot {
  frame: Frame;
  /** Value of every point in SI, NaN where its state is not Ok. */
  values: Float64Array;
  states: Uint8Array;
  /** `performance.now()` when the frame came. */
  receivedMs: number;
  /** Time of the block that answered longest ago, Infinity before any answered. */
  oldestMs: number;
}

export const model = signal<Model | null>(null);
export const live = signal<Snapshot | null>(null);
export const held = signal<Snapshot | null>(null);
export const snapshot = computed(() => held.value ?? live.value);
export const paused = computed(() => held.value !== null);
export const link = signal<{ state: LinkState; retryAtMs: number | null }>({ state: "connecting", retryAtMs: null });
export const health = signal<Health | null>(null);
/** The page's clock; ages are told against it, so they grow while nothing comes. */
export const tick = signal(performance.now());

/** Decodes a frame with the model's schema. */
export function take(frame: Frame, of: Model): Snapshot {
  const values = new Float64Array(of.decoder.size);
  const states = new Uint8Array(of.decoder.size);
  of.decoder.decodeAll(frame.words, values, states);
  let oldestMs = Infinity;
  for (const ms of frame.blockMs) if (ms > 0 && ms < oldestMs) oldestMs = ms;
  return { frame, values, states, receivedMs: performance.now(), oldestMs };
}

/** The server's clock as the page knows it, ms since epoch: the frame's time plus what has passed since it came. */
export function serverNow(shown: Snapshot): number {
  return shown.frame.serverMs + Math.max(0, tick.value - shown.receivedMs);
}

export function togglePause(): void {
  held.value = held.value ? null : live.value;
}
