/** What the market's routes answer, and how they are asked. Prices are EUR/MWh, powers W, energies Wh, times ms since epoch UTC. */

export interface Question {
  power_w: number;
  energy_wh: number;
  round_trip: number;
  cycles_day: number | null;
  wear_eur_mwh: number;
}

export interface Span {
  first: string;
  last: string;
}

export interface Source {
  source: string;
  product: string;
  url: string;
  licence: string;
  licence_url: string;
  attribution: string;
}

export interface Prices {
  zone: string;
  local: string;
  days: string[];
  start_ms: number[];
  minutes: number[];
  unit_min: number[];
  price: number[];
  day: number[];
  minute: number[];
  gaps: [number, number][];
  summary: { mean: number; low: number; high: number; hours: number; negative_h: number; spread_1h: number; spread_2h: number; spread_4h: number };
  known: (Span & { source: string })[];
  attribution: string;
  provenance: Source[];
}

export interface Rung {
  key: "timer" | "last_week" | "yesterday" | "mean_28_days";
  eur: number;
  share: number | null;
  days: number;
  of_days: number;
}

export interface Period {
  name: string;
  eur: number;
  eur_mw: number;
  hours: number;
  whole: boolean;
  cycles: number;
}

export interface Revenue {
  question: Question;
  start: string;
  end: string;
  first_day: string;
  last_day: string;
  slots: number;
  slot_min: number;
  days: number;
  bound_eur: number;
  feasible_eur: number;
  gap_eur: number;
  eur_mw: number;
  eur_mw_year: number;
  cycles: number;
  charged_mwh: number;
  discharged_mwh: number;
  seconds: number;
  bound_seconds: number;
  proof: { duality_gap_eur: number };
  ladder: Rung[];
  months: Period[];
  years: Period[];
  attribution: string;
  provenance: Source[];
}

export interface Bound {
  bound_eur: number;
  eur_mw: number;
  seconds: number;
}

export interface Slots {
  first: string;
  last: string;
  minutes: number;
  start_ms: number[];
  minute: number[];
  price: number[];
  power_w: number[];
  soc: number[];
  eur: number[];
  reason: string[];
  words: string[];
  buy_below: number[];
  sell_above: number[];
  attribution: string;
}

export interface Comparison {
  years: { year: number; market_unit_min: number; hours: number; cycles: number; eur_mw: number }[];
  indices: { name: string; source: string; counts: string; figures: Record<string, number> }[];
}

/** The server's own words for what is wrong with a question. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    readonly status: number,
    words: string,
  ) {
    super(words);
  }
}

async function ask<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { credentials: "same-origin", headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) };
  if (body !== undefined) {
    init.method = "POST";
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  if (!response.ok) {
    const said = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(response.status, said.detail ?? `HTTP ${response.status}`);
  }
  return (await response.json()) as T;
}

const TICKET = Math.random().toString(36).slice(2);
const asked = (question: Question, span: Span, about = "") => ({ question, ...span, ticket: TICKET + about });
const between = (span: Span | null) => (span ? `?from=${span.first}&to=${span.last}` : "");

export const market = {
  prices: (span: Span | null) => ask<Prices>(`/api/prices${between(span)}`),
  revenue: (question: Question, span: Span, signal: AbortSignal) => ask<{ id: string; revenue: Revenue }>("/api/revenue", asked(question, span), signal),
  /** The days around now, beside the question that the reader asks. */
  around: (question: Question, span: Span) => ask<{ id: string; revenue: Revenue }>("/api/revenue", asked(question, span, "-now")),
  bound: (question: Question, span: Span) => ask<Bound>("/api/revenue/bound", asked(question, span)),
  slots: (id: string, span: Span, language: string) => ask<Slots>(`/api/revenue/${id}/slots${between(span)}&lang=${language}`),
  compare: (language: string) => ask<Comparison>(`/api/revenue/compare?lang=${language}`),
  schedule: (id: string) => `/api/revenue/${id}/schedule.csv`,
};
