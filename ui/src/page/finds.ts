/** What the search box leads to: figures, what stands out right now, levels, devices, signals. */

import { signal } from "@preact/signals";
import { language, t, type Language } from "../i18n";
import { beside } from "../i18n/beside";
import { extremeOf, type Extreme } from "../levels/extremes";
import { labelOf, sourceOf, type Model } from "../plant/model";
import { kindOf, partTitle, splitId, type Kind } from "../plant/parts";
import { extremeIn, levelOf, search } from "../plant/search";
import { api } from "../wire/api";
import { goToLevel, navigate } from "./route";

export type Found =
  | { kind: "figure"; id: string; extreme?: Extreme }
  | { kind: "level"; level: number }
  | { kind: "device"; id: string }
  | { kind: "signal"; metric: string; title: string };

export interface SignalName {
  metric: string;
  title: string;
}

const MOST = 12;
const MOST_FIGURES = 8;
const MOST_SIGNALS = 4;
const SHORTEST_WORD = 3;

export const say = beside({
  en: {
    level: "Level", device: "Device", signal: "Signal", "lowest-cell": "lowest cell right now", "highest-cell": "highest cell right now",
    "hottest-sensor": "warmest sensor right now", "coldest-sensor": "coldest sensor right now",
  },
  de: {
    level: "Ebene", device: "Gerät", signal: "Signal", "lowest-cell": "gerade die niedrigste Zelle", "highest-cell": "gerade die höchste Zelle",
    "hottest-sensor": "gerade der wärmste Fühler", "coldest-sensor": "gerade der kälteste Fühler",
  },
});

/** Everything that a query means, best first. `signals` are those that have a page, in the language of the query. */
export function findAll(of: Model, query: string, signals: readonly SignalName[], extreme: (which: Extreme) => string | null): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: Found[] = [];
  const which = extremeIn(query);
  const most = which && extreme(which);
  if (most) found.push({ kind: "figure", id: most, extreme: which });
  const number = /^(?:level|ebene|l|e)?\s*0*(\d{1,2})$/i.exec(query.trim());
  const long = words.every((word) => word.length >= SHORTEST_WORD);
  for (const { id, title } of of.levels) {
    if ((number && Number(number[1]) === id) || (long && words.every((word) => title.toLowerCase().includes(word)))) found.push({ kind: "level", level: id });
  }
  for (const { id, label } of of.schema.devices) {
    const text = `${id} ${label}`.toLowerCase();
    if (id.toLowerCase() === words.join(" ") || (long && words.every((word) => text.includes(word)))) found.push({ kind: "device", id });
  }
  const figures = search(of, query, MOST).map(({ id }): Found => ({ kind: "figure", id }));
  const named = long ? signals.filter(({ metric, title }) => words.every((word) => `${title} ${metric}`.toLowerCase().includes(word))) : [];
  named.sort((a, b) => a.title.length - b.title.length);
  found.push(...figures.filter((one) => one.kind === "figure" && one.id !== most).slice(0, named.length ? MOST_FIGURES - Math.min(MOST_SIGNALS, named.length) : MOST));
  found.push(...named.slice(0, MOST_SIGNALS).map(({ metric, title }): Found => ({ kind: "signal", metric, title })));
  return found.slice(0, MOST);
}

const names = signal<{ language: Language; rows: SignalName[] } | null>(null);
let asking = false;

/** Asks which signals have a page, once a language; the search does without them where the answer does not come. */
export function loadSignals(): void {
  const wanted = language.peek();
  if (asking || names.peek()?.language === wanted) return;
  asking = true;
  api
    .signals(wanted)
    .then((found) => (names.value = { language: wanted, rows: found.flatMap((one) => one.signals) }))
    .catch(() => undefined)
    .finally(() => (asking = false));
}

export function findNow(of: Model, query: string): Found[] {
  return findAll(of, query, names.value?.language === language.value ? names.value.rows : [], extremeOf);
}

/** A finding in words: what it is, and what kind of thing. */
export function wordsOf(of: Model, found: Found): { title: string; note: string } {
  if (found.kind === "level") return { title: of.levels.find((row) => row.id === found.level)?.title ?? "", note: `${say("level")} ${found.level}` };
  if (found.kind === "device") return { title: of.schema.devices.find((row) => row.id === found.id)?.label || found.id, note: `${say("device")} ${found.id}` };
  if (found.kind === "signal") return { title: found.title, note: say("signal") };
  const { part, device } = splitId(found.id);
  const ref = of.refs.get(found.id);
  const address = ref && !ref.derived ? `FC ${of.schema.points.fc[ref.index]} · ${of.schema.points.address[ref.index]}` : t("figure.derived");
  const note = [found.extreme ? say(found.extreme) : labelOf(of, found.id), device ? sourceOf(of, found.id) : "", address];
  return { title: partTitle(part) || found.id, note: note.filter(Boolean).join(" · ") };
}

export function keyOf(found: Found): string {
  return found.kind === "level" ? `level ${found.level}` : found.kind === "signal" ? `signal ${found.metric}` : `${found.kind} ${found.id}`;
}

/** The level that a person opens for a kind of part. */
const LEVEL_OF: Partial<Record<Kind, number>> = {
  meter: 13, pcs: 2, bus: 11, container: 5, rack: 3, module: 6, cell: 4, sensor: 9, cooling: 5, smoke: 14, leak: 14,
};

/** Goes there: the camera flies to the part, and a figure's passport opens. */
export function flyTo(of: Model, found: Found): void {
  if (found.kind === "level") goToLevel(found.level, null);
  else if (found.kind === "signal") navigate({ view: "signals", signal: found.metric, figure: null });
  else if (found.kind === "device") flyToDevice(of, found.id);
  else flyToFigure(of, found.id);
}

function flyToFigure(of: Model, id: string): void {
  const level = levelOf(of, id);
  const { part } = splitId(id);
  if (level === null) navigate({ view: "registers", find: id, figure: id });
  else navigate({ view: "level", level, figure: id, at: part || null, find: null });
}

/** To the part that a device speaks for: the topmost of those it has points at. */
function flyToDevice(of: Model, id: string): void {
  const number = of.schema.devices.findIndex((row) => row.id === id);
  const parts = of.schema.points.part.filter((part, i) => of.schema.points.device[i] === number && kindOf(part) !== null);
  const part = parts.reduce<string | null>((top, one) => (top === null || one.split("/").length < top.split("/").length ? one : top), null);
  const level = part && LEVEL_OF[kindOf(part) ?? "device"];
  if (level) navigate({ view: "level", level, figure: null, at: part, find: null });
  else navigate({ view: "registers", find: `device:${id}`, figure: null });
}
