/** Where the reader is, kept in the address after `#`, so that every view has a link and the back button works. */

import { signal } from "@preact/signals";

export interface Route {
  view: "level" | "registers" | "devices" | "signals" | "market" | "history" | "view";
  level: number;
  /** The figure whose passport is open. */
  figure: string | null;
  /** The part that a level looks at, where it looks at one (`c1/r04/m3`). */
  at: string | null;
  /** Search text of the register table. */
  find: string | null;
  /** The metric whose page is open among the signals; none shows their list. */
  signal: string | null;
  /** Through whose eyes the plant is seen, where it is seen so: investor, marketer, purchaser. */
  role: string | null;
  /** Figures that are compared over time, by comma; null where none was chosen. */
  with: string | null;
  /** The time that is compared: `day`, or `from..to` in ms since epoch. */
  span: string | null;
  /** The moment that is looked at, ms since epoch; null is now, live. */
  time: number | null;
}

const START: Route = { view: "level", level: 1, figure: null, at: null, find: null, signal: null, role: null, with: null, span: null, time: null };
export const LEVELS = 14;

export function readHash(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2) as [string, string?];
  const [view, number] = path.split("/");
  const wanted = new URLSearchParams(query);
  const shared = { figure: wanted.get("figure"), at: wanted.get("at"), find: wanted.get("find"), with: wanted.get("with"), span: wanted.get("span"), time: readMoment(wanted.get("t")) };
  if (view === "registers" || view === "devices" || view === "market" || view === "history") return { ...START, view, ...shared };
  if (view === "signals") return { ...START, view, ...shared, signal: number ? decodeURIComponent(number) : null };
  if (view === "view") return { ...START, view, ...shared, role: number || null };
  const level = Number(number);
  return { ...START, level: Number.isInteger(level) && level >= 1 && level <= LEVELS ? level : 1, ...shared };
}

export function writeHash(route: Route): string {
  const query = (["figure", "at", "find", "with", "span"] as const)
    .filter((key) => route[key])
    .map((key) => `${key}=${encodeURIComponent(route[key]!).replaceAll("%2F", "/").replaceAll("%40", "@").replaceAll("%2C", ",")}`);
  if (route.time !== null) query.push(`t=${writeMoment(route.time)}`);
  const path = pathOf(route);
  return `#/${path}${query.length ? `?${query.join("&")}` : ""}`;
}

/** `t=2026-06-21T16:00:00Z`, with milliseconds where they are needed, or ms since epoch; anything else is now. */
export function readMoment(text: string | null): number | null {
  if (!text) return null;
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(ms) && Math.abs(ms) <= LATEST_MS ? ms : null;
}

/** The last moment that a date can carry (ECMAScript, Time Values and Time Range). */
const LATEST_MS = 8.64e15;

export function writeMoment(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

function pathOf(route: Route): string {
  if (route.view === "level") return `level/${route.level}`;
  if (route.view === "view" && route.role) return `view/${encodeURIComponent(route.role)}`;
  return route.view === "signals" && route.signal ? `signals/${encodeURIComponent(route.signal)}` : route.view;
}

export const route = signal<Route>(START);

/**
 * Goes to a view; what is not named stays as it is. `replace` leaves no step for the back button. The route is the new
 * one at once, not only when the browser tells of its address: a key pressed twice goes two steps.
 */
export function navigate(to: Partial<Route>, replace = false): void {
  const next = writeHash({ ...route.peek(), ...to });
  if (next === location.hash) return;
  if (replace) history.replaceState(null, "", next);
  else location.hash = next;
  route.value = readHash(next);
}

export function openFigure(id: string): void {
  navigate({ figure: id });
}

export function closeFigure(): void {
  navigate({ figure: null });
}

/** To a level, and to a part of it where one is named; an open passport stays only where nothing changes. */
export function goToLevel(level: number, at?: string | null): void {
  const held = route.value.view === "level" && route.value.level === level && at === undefined;
  navigate({ view: "level", level: Math.max(1, Math.min(LEVELS, level)), find: null, ...(held ? {} : { figure: null }), ...(at === undefined ? {} : { at }) });
}

export function followHash(): () => void {
  const follow = () => {
    if (writeHash(route.peek()) !== location.hash) route.value = readHash(location.hash);
  };
  follow();
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}
