/** Which levels and figures carry a role's colour, as the rules of a style sheet. */

import type { Model } from "../plant/model";
import { kindOf, splitId } from "../plant/parts";
import type { Emphasis } from "./answers";

/** Kinds of which a level shows thousands: one rule for all of them. */
const MANY = ["cell", "sensor"];

/** Rules for the levels in the list, by how many of the role's metrics the plant has there, and for the figures of one. */
export function rules(of: Pick<Model, "refs">, metrics: Emphasis, level: number): string {
  const present = new Map<string, string[]>();
  for (const id of of.refs.keys()) {
    const key = metricOf(id);
    if (key) (present.get(key) ?? present.set(key, []).get(key)!).push(id);
  }
  const lines: string[] = [];
  for (const [number, wanted] of Object.entries(metrics)) {
    const weight = wanted.filter((key) => present.has(key)).length;
    if (weight) lines.push(`.levels ol li:nth-child(${number}) .level { --weight: ${weight}; box-shadow: inset calc(-2px * var(--weight)) 0 var(--role); }`);
  }
  const figures = (metrics[String(level)] ?? []).flatMap((key) => selectors(key, present.get(key) ?? []));
  if (figures.length) {
    lines.push(`:is(${figures.join(",")})[data-quality="good"] .figure-number { color: var(--role); font-weight: 700; }`);
    lines.push(`:is(${figures.join(",")}):is(.figure-tile, .scene-label *) { box-shadow: inset 0 -2px var(--role); }`);
  }
  return lines.join("\n");
}

function selectors(key: string, ids: string[]): string[] {
  const [kind, metric] = key.split(".") as [string, string];
  if (MANY.includes(kind)) return ids.length ? [`[data-figure$="/${metric}"]`] : [];
  return ids.map((id) => `[data-figure="${id}"]`);
}

/** `rack.soh` for `c1/r04/soh`; null where the part has no kind. */
function metricOf(id: string): string | null {
  const { part, metric } = splitId(id);
  const kind = kindOf(part);
  return kind ? `${kind}.${metric.split("@")[0]}` : null;
}
