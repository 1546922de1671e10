/**
 * The guided tour: how long it has stood at the level in the address, and whether it goes on by itself. Where it stands is
 * the address alone, so every way to another level (keys, list, search) takes the tour along.
 */

import { effect, signal } from "@preact/signals";
import { model } from "../figures/snapshot";
import { goToLevel, LEVELS, route } from "../page/route";
import { fetched } from "../page/lazy";

/** A sentence is read in this time; 14 of them and the flights between make about two minutes. */
export const STOP_MS = 7500;
/** Set while the camera is under way: nobody reads then, and a slow machine flies for longer. */
const IN_FLIGHT = ".scene-labels.in-flight";
const TICK_MS = 250;
/** A machine that slept, or a hidden tab, has shown nobody anything. */
const LONGEST_TICK_MS = 1000;

export interface Tour {
  /** How long this level has been shown. */
  ms: number;
  running: boolean;
}

/** Null while nobody is on a tour. */
export const tour = signal<Tour | null>(null);

/** What a tick makes of the tour: the same level for longer, the next one, or the end after the last. */
export function step(now: Tour, level: number, passedMs: number): { tour: Tour | null; level: number } {
  if (!now.running) return { tour: now, level };
  const ms = now.ms + passedMs;
  if (ms < STOP_MS) return { tour: { ...now, ms }, level };
  return level >= LEVELS ? { tour: null, level } : { tour: { ...now, ms: 0 }, level: level + 1 };
}

let timer: ReturnType<typeof setInterval> | undefined;
let unfollow: (() => void) | null = null;
let before = 0;
let shown = 0;
let wishes = 0;

export function startTour(): void {
  if (tour.peek() || !model.peek()) return;
  tour.value = { ms: 0, running: true };
  before = performance.now();
  shown = 0;
  timer = setInterval(tick, TICK_MS);
  void visit(1);
  unfollow = effect(follow);
}

export function endTour(): void {
  clearInterval(timer);
  unfollow?.();
  unfollow = null;
  tour.value = null;
}

export function toggleTour(): void {
  const now = tour.peek();
  if (!now) startTour();
  else tour.value = { ...now, running: !now.running };
}

/** To another level of the tour; the time there begins anew. Where code is still on its way, the last wish counts. */
export async function visit(level: number): Promise<void> {
  const wish = ++wishes;
  const { placeOf } = await fetched(() => import("./places"));
  if (tour.peek() && wish === wishes) goToLevel(level, placeOf(level));
}

function tick(): void {
  const passed = performance.now() - before;
  before += passed;
  const now = tour.peek();
  if (!now || document.hidden || route.peek().view !== "level" || document.querySelector(IN_FLIGHT)) return;
  const { level } = route.peek();
  const next = step(now, level, Math.min(passed, LONGEST_TICK_MS));
  if (!next.tour) return endTour();
  tour.value = next.tour;
  if (next.level !== level) void visit(next.level);
}

/** Another level begins its time; whoever opens a register or another view wants to look, not to be led. */
function follow(): void {
  const { view, level, figure } = route.value;
  const now = tour.peek();
  if (!now) return;
  if ((view !== "level" || figure) && now.running) tour.value = { ...now, running: false };
  else if (level !== shown) tour.value = { ...now, ms: 0 };
  shown = level;
}
