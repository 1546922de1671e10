/** Finding a figure by words: `rack 4 module 3 cell 26`, `weakest cell`, an id, a register's name, label or address. */

import { labelOf, type Model } from "./model";
import { segment, splitId, type Kind } from "./parts";

import type { Extreme } from "../levels/extremes";

export interface Hit {
  id: string;
  score: number;
}

const WORDS: [Kind, RegExp][] = [
  ["container", /\b(?:containers?|c)\s*0*(\d+)\b/],
  ["rack", /\b(?:racks?|str[aä]nge?|strings?|r)\s*0*(\d+)\b/],
  ["module", /\b(?:modules?|moduls?|packs?|m)\s*0*(\d+)\b/],
  ["cell", /\b(?:cells?|zellen?|z)\s*0*(\d+)\b/],
  ["sensor", /\b(?:ntc|sensors?|f[uü]hler)\s*0*(\d+)\b/],
  ["pcs", /\b(?:pcs|umrichter|converters?)\s*0*(\d+)\b/],
  ["bus", /\b(?:(?:dc[- ]?)?bus|dc-kreis)\s*0*(\d+)\b/],
];

/** The segments that a query names, and what is left of it. */
export function readQuery(query: string): { segments: Map<Kind, string>; rest: string[] } {
  let left = ` ${query.toLowerCase().replaceAll(/[/,·]/g, " ")} `;
  const segments = new Map<Kind, string>();
  for (const [kind, pattern] of WORDS) {
    const match = pattern.exec(left);
    if (!match) continue;
    segments.set(kind, segment(kind, Number(match[1])));
    left = left.replace(match[0], " ");
  }
  return { segments, rest: left.split(/\s+/).filter(Boolean) };
}

const SENSOR = /(?:ntc|sensor|f[uü]hler|temp)/;
const CELL = /(?:cell|zelle|volt|spannung)/;
const MOST: [RegExp, cell: Extreme | null, sensor: Extreme | null][] = [
  [/^(?:weakest|schw(?:ä|ae?)chste[nrs]?)$/, "lowest-cell", null],
  [/^(?:strongest|st(?:ä|ae?)rkste[nrs]?)$/, "highest-cell", null],
  [/^(?:lowest|niedrigste[nrs]?|tiefste[nrs]?|min(?:imum)?)$/, "lowest-cell", "coldest-sensor"],
  [/^(?:highest|h(?:ö|oe?)chste[nrs]?|max(?:imum)?)$/, "highest-cell", "hottest-sensor"],
  [/^(?:hottest|warmest|w(?:ä|ae?)rmste[nrs]?|hei(?:ß|ss)este[nrs]?)$/, null, "hottest-sensor"],
  [/^(?:coldest|coolest|k(?:ä|ae?)lteste[nrs]?)$/, null, "coldest-sensor"],
];

/** What stands out that a query asks for: `weakest cell`, `wärmster Fühler`; null where it asks for something else. */
export function extremeIn(query: string): Extreme | null {
  const words = query.toLowerCase().trim().split(/\s+/);
  const named = MOST.find(([pattern]) => words.some((word) => pattern.test(word)));
  if (!named) return null;
  const rest = words.filter((word) => !named[0].test(word) && !/^(?:the|der|die|das|den)$/.test(word));
  const [, cell, sensor] = named;
  if (rest.length === 0) return cell ?? sensor;
  if (rest.every((word) => SENSOR.test(word))) return sensor;
  // the warmest cell is where the warmest sensor sits: few cells have one of their own
  return rest.every((word) => CELL.test(word)) ? (cell ?? sensor) : null;
}

const SMALLEST: Kind[] = ["sensor", "cell", "module", "rack", "container"];

/** The best figures for a query, best first. */
export function search(model: Model, query: string, most = 12): Hit[] {
  const plain = query.trim();
  if (!plain) return [];
  if (model.refs.has(plain)) return [{ id: plain, score: 1000 }];
  const { segments, rest } = readQuery(plain);
  const wanted = SMALLEST.find((kind) => segments.has(kind));
  const hits: Hit[] = [];
  for (const id of model.refs.keys()) {
    const score = scoreOf(model, id, segments, rest, wanted);
    if (score > 0) hits.push({ id, score });
  }
  return hits.sort((a, b) => b.score - a.score || a.id.length - b.id.length || a.id.localeCompare(b.id)).slice(0, most);
}

function scoreOf(model: Model, id: string, segments: Map<Kind, string>, rest: string[], wanted: Kind | undefined): number {
  const { part, metric } = splitId(id);
  const steps = part.split("/");
  let score = 0;
  for (const text of segments.values()) {
    if (!steps.includes(text)) return 0;
    score += 10;
  }
  // the part that was named itself stands before what lies below it
  if (wanted && steps[steps.length - 1] === segments.get(wanted)) score += 20;
  if (rest.length) {
    const ref = model.refs.get(id)!;
    const address = ref.derived ? "" : String(model.schema.points.address[ref.index]);
    const text = `${id} ${labelOf(model, id)} ${ref.derived ? "" : `${model.schema.points.name[ref.index]} ${model.schema.devices[model.schema.points.device[ref.index]!]!.id}`}`.toLowerCase();
    for (const word of rest) {
      if (word === address || Number(word) === Number(address || NaN)) score += 12;
      else if (metric.startsWith(word)) score += 8;
      else if (text.includes(word)) score += 4;
      else return 0;
    }
  }
  if (model.labels.has(id)) score += 2;
  if (metric === "voltage" || metric === "active_power" || metric === "soc") score += 1;
  return score;
}

/** The level that shows a figure: where it is listed, else by its kind of part; null where only the register table has it. */
export function levelOf(model: Model, id: string): number | null {
  const { part, metric } = splitId(id);
  if (/\/cell\d+$/.test(part)) return metric === "temperature" ? 5 : 4;
  if (/\/ntc\d+$/.test(part)) return 9;
  return model.levels.find((level) => level.figures.some((figure) => figure.id === id))?.id ?? null;
}
