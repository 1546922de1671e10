/** What the routes of the three views answer. Values are SI, EUR and %; times ms since epoch UTC. */

import { ApiError } from "../wire/api";

export type RoleId = "investor" | "marketer" | "purchaser";
export const ROLES: readonly RoleId[] = ["investor", "marketer", "purchaser"];

export type Emphasis = Record<string, string[]>;

export interface RoleRow {
  id: RoleId;
  title: string;
  question: string;
  /** For each level the metrics that matter most to the role. */
  emphasis?: Emphasis;
}

export interface Roles {
  roles: RoleRow[];
  /** The role of the person signed in, empty where there is none. */
  mine: RoleId | "";
  choice: boolean;
}

export interface Missing {
  kind: string;
  name: string;
  why: string;
  how: string;
}

export interface Origin {
  kind: string;
  id: string;
  value: number | null;
  unit: string;
  quality: string;
  link: string;
  words: string;
}

export interface Column {
  key: string;
  label: string;
  unit: string;
}

export interface TableRow {
  columns: Column[];
  rows: (string | number | null)[][];
  draw: "table" | "bars" | "line";
  total: number;
}

export interface Fact {
  id: string;
  label: string;
  value: number | null;
  text: string | null;
  unit: string;
  quality: string;
  note: string;
  kind: string;
  definition: string;
  equation: string;
  reference: string;
  missing: Missing[];
  origin: Origin[];
  span: [number, number] | null;
  table: TableRow | null;
  /** What the value is made of; empty without a value. */
  basis: "read" | "computed" | "stated" | "";
}

export interface View {
  role: RoleId;
  title: string;
  question: string;
  base: string;
  plant: string;
  emulated: boolean;
  now_ms: number;
  live: boolean;
  span: [number, number] | null;
  groups: { id: string; title: string; facts: Fact[] }[];
  emphasis: Emphasis;
  attribution: string;
}

export interface FactPassport {
  base: string;
  fact: Fact;
  facts: Fact[];
  figures: { id: string; label: string }[];
  figures_total: number;
  prices: { source: string; product: string; licence: string; licence_url: string; attribution: string }[];
  attribution: string;
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (response.ok) return (await response.json()) as T;
  const said = (await response.json().catch(() => null)) as { detail?: string } | null;
  throw new ApiError(response.status, path, said?.detail ?? `${path}: HTTP ${response.status}`);
}

export const views = {
  roles: (language: string) => get<Roles>(`/api/views?lang=${language}`),
  view: (role: RoleId, to: number | null, base: string, language: string) =>
    get<View>(`/api/views/${role}?lang=${language}${base ? `&base=${base}` : ""}${to === null ? "" : `&to=${to}`}`),
  passport: (id: string, base: string, language: string) => get<FactPassport>(`/api/facts/${id}/passport?base=${base}&lang=${language}`),
};
