/** Names of the parts of a plant: `c1/r04/m3/cell026`. */

import { t, type Key } from "../i18n";

export type Kind =
  | "meter" | "pcs" | "bus" | "container" | "rack" | "module" | "cell" | "sensor" | "cooling" | "smoke" | "leak" | "site" | "device";

const KIND: Record<string, Kind> = {
  meter: "meter", pcs: "pcs", bus: "bus", c: "container", r: "rack", m: "module", cell: "cell", ntc: "sensor",
  cooling: "cooling", smoke: "smoke", leak: "leak", site: "site", device: "device",
};
const PREFIX: Partial<Record<Kind, string>> = { container: "c", rack: "r", module: "m", cell: "cell", sensor: "ntc", pcs: "pcs", bus: "bus" };
const DIGITS: Partial<Record<Kind, number>> = { rack: 2, cell: 3, sensor: 2 };

export interface Segment {
  kind: Kind;
  number: number | null;
}

/** One segment, null where it names no part. */
export function readSegment(text: string): Segment | null {
  const match = /^([a-z]+)(\d*)$/.exec(text);
  const kind = match ? KIND[match[1]!] : undefined;
  return kind ? { kind, number: match![2] ? Number(match![2]) : null } : null;
}

export function segment(kind: Kind, number: number): string {
  return `${PREFIX[kind] ?? kind}${String(number).padStart(DIGITS[kind] ?? 1, "0")}`;
}

export function kindOf(part: string): Kind | null {
  return readSegment(part.slice(part.lastIndexOf("/") + 1))?.kind ?? null;
}

/** The number of the segment of a kind on the way, null where there is none. */
export function numberOf(part: string, kind: Kind): number | null {
  for (const text of part.split("/")) {
    const found = readSegment(text);
    if (found?.kind === kind) return found.number ?? 1;
  }
  return null;
}

/** The ancestor of a kind (or the part itself): `above("c1/r04/m3", "rack")` is `c1/r04`. */
export function above(part: string, kind: Kind): string | null {
  const segments = part.split("/");
  const at = segments.findIndex((text) => readSegment(text)?.kind === kind);
  return at < 0 ? null : segments.slice(0, at + 1).join("/");
}

/** Part and metric of a figure id; the `@device` suffix belongs to neither. */
export function splitId(id: string): { part: string; metric: string; device: string | null } {
  const [path = "", device = null] = id.split("@", 2) as [string, string?];
  const at = path.lastIndexOf("/");
  return { part: at < 0 ? "" : path.slice(0, at), metric: path.slice(at + 1), device };
}

/** A part in words: `Rack 4 · Module 3 · Cell 26`. A container is named only where it is the part itself. */
export function partTitle(part: string): string {
  const segments = part.split("/").filter(Boolean);
  const named = segments.map((text, i) => {
    const found = readSegment(text);
    if (!found) return text;
    if (found.kind === "container" && i < segments.length - 1) return "";
    const word = t(`part.${found.kind}` as Key);
    return found.number === null ? word : `${word} ${found.number}`;
  });
  return named.filter(Boolean).join(" · ");
}

/** A part in as little room as possible: `R4 M3 C26`. */
export function partShort(part: string): string {
  const segments = part.split("/").map(readSegment).filter((found): found is Segment => found !== null);
  const short = segments.map(({ kind, number }) => {
    if (kind === "container" && segments.length > 1) return "";
    const letter = t(`short.${kind}` as Key);
    return number === null ? letter : `${letter}${number}`;
  });
  return short.filter(Boolean).join(" ");
}
