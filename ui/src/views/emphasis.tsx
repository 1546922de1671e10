/** The same machine with another emphasis: the figures and levels that matter to the role in force carry its colour. */

import { useEffect } from "preact/hooks";
import { model } from "../figures/snapshot";
import { language } from "../i18n";
import type { Model } from "../plant/model";
import { kindOf, splitId } from "../plant/parts";
import { route } from "../page/route";
import { views, type Emphasis as Metrics } from "./answers";
import { learnRoles, role, roles } from "./role";
import "./emphasis.css";

/** Kinds of which a level shows thousands: one rule for all of them. */
const MANY = ["cell", "sensor"];
const sheet = new CSSStyleSheet();
const asked = new Map<string, Metrics>();

export function Emphasis() {
  const speaks = language.value;
  const now = role.value;
  const of = model.value;
  const { level } = route.value;
  useEffect(() => void learnRoles(speaks).catch((reason: Error) => console.warn(reason.message)), [speaks]);
  useEffect(() => {
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }, []);
  useEffect(() => {
    const root = document.documentElement;
    if (!now || !of) {
      delete root.dataset.role;
      sheet.replaceSync("");
      return undefined;
    }
    let over = false;
    void metricsOf(now).then(
      (metrics) => {
        if (over) return;
        root.dataset.role = now;
        sheet.replaceSync(rules(of, metrics, level));
      },
      (reason: Error) => console.warn(reason.message),
    );
    return () => void (over = true);
  }, [now, of, level, roles.value]);
  return null;
}

async function metricsOf(name: NonNullable<typeof role.value>): Promise<Metrics> {
  const listed = roles.value?.roles.find((row) => row.id === name)?.emphasis;
  if (listed) return listed;
  const kept = asked.get(name) ?? (await views.view(name, null, "", "en")).emphasis;
  asked.set(name, kept);
  return kept;
}

/** Rules for the levels in the list, by how many of the role's metrics the plant has there, and for the figures of one. */
export function rules(of: Pick<Model, "refs">, metrics: Metrics, level: number): string {
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
