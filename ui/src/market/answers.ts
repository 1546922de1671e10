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
  /** The part that FCR capacity earns. */
  reserve_eur: number;
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

/** What the plant's meter counted, slot by slot; null where it was not counted, or has no price. */
export interface Realised {
  first: string;
  last: string;
  /** `registers`, or the name of a load curve. */
  source: string;
  minutes: number;
  start_ms: number[];
  minute: number[];
  price: (number | null)[];
  power_w: (number | null)[];
  eur: (number | null)[];
  out_total_wh: number;
  in_total_wh: number;
  eur_total: number;
  counted_slots: number;
  valued_slots: number;
  gaps: { begin_ms: number; end_ms: number; out_wh: number | null; in_wh: number | null }[];
  counters: { figure: string; sweeps: number; left_out: number; rollovers: number; resets: number; longest_gap_s: number }[];
  attribution: string;
}

export interface BarSlot {
  start_ms: number;
  eur: number;
  price: number;
  wanted_w: number;
  meter_w: number;
}

export interface Bar {
  key: string;
  eur: number;
  cents: number;
  before_eur: number;
  after_eur: number;
  measured: boolean;
  missing: string;
  equation: string;
  figures: string[];
  slots: BarSlot[];
  slots_total: number;
}

export interface Waterfall {
  question: Question;
  source: string;
  start_ms: number;
  end_ms: number;
  minutes: number;
  slots: number;
  left_out: number;
  start_soc: number | null;
  bound_cents: number;
  realised_cents: number;
  bars: Bar[];
  meter: string[];
  attribution: string;
}

export type FileKind = "prices" | "fcr" | "curve";

/** A file of the reader's as the server understood it. */
export interface Brought {
  id: string;
  kind: FileKind;
  name: string;
  first: string;
  last: string;
  slots: number;
  minutes: number;
  low: number;
  high: number;
  unit: string;
}

/** How far a fetch of prices is, and what it brought. */
export interface Fetched extends Span {
  state: "idle" | "running" | "done" | "failed";
  done: number;
  total: number;
  detail: string;
  file: Brought | null;
  attribution: string;
  licence: string;
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
    const raw = body instanceof Blob;
    init.method = "POST";
    init.headers = { Accept: "application/json", "Content-Type": raw ? "application/octet-stream" : "application/json" };
    init.body = raw ? body : JSON.stringify(body);
  }
  const response = await fetch(path, init);
  if (!response.ok) {
    const said = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(response.status, said.detail ?? `HTTP ${response.status}`);
  }
  return (await response.json()) as T;
}

const TICKET = Math.random().toString(36).slice(2);
const asked = (question: Question, span: Span, files: Files = {}, about = "") => ({ question, ...span, ...given(files), ticket: TICKET + about });
const between = (span: Span | null) => (span ? `?from=${span.first}&to=${span.last}` : "?");

/** Ids of files of the reader's that a question is about. */
export interface Files {
  own?: string;
  fcr?: string;
  curve?: string;
}

const given = (files: Files) => ({ ...(files.own ? { own: files.own } : {}), ...(files.fcr ? { fcr: files.fcr } : {}) });
const named = (files: Files) => (files.own ? `&own=${files.own}` : "") + (files.curve ? `&curve=${files.curve}` : "");

export const market = {
  prices: (span: Span | null, files: Files = {}) => ask<Prices>(`/api/prices${between(span)}${named({ own: files.own ?? "" })}`),
  revenue: (question: Question, span: Span, signal: AbortSignal, files: Files = {}) => ask<{ id: string; revenue: Revenue }>("/api/revenue", asked(question, span, files), signal),
  /** The days around now, beside the question that the reader asks. */
  around: (question: Question, span: Span, files: Files, signal: AbortSignal) => ask<{ id: string; revenue: Revenue }>("/api/revenue", asked(question, span, files, "-now"), signal),
  bound: (question: Question, span: Span, files: Files = {}) => ask<Bound>("/api/revenue/bound", asked(question, span, files)),
  slots: (id: string, span: Span, language: string) => ask<Slots>(`/api/revenue/${id}/slots${between(span)}&lang=${language}`),
  compare: (language: string) => ask<Comparison>(`/api/revenue/compare?lang=${language}`),
  realised: (span: Span | null, files: Files, signal: AbortSignal) => ask<Realised>(`/api/market/realised${between(span)}${named(files)}`, undefined, signal),
  waterfall: (question: Question, span: Span, files: Files, signal: AbortSignal) =>
    ask<Waterfall>(
      `/api/market/waterfall${between(span)}&power=${question.power_w}&energy=${question.energy_wh}&rte=${question.round_trip}&cycles=${question.cycles_day ?? 0}${named(files)}`,
      undefined,
      signal,
    ),
  bring: (kind: FileKind, file: File) => ask<Brought>(`/api/market/files/${kind}?name=${encodeURIComponent(file.name)}`, file),
  fetch: (kind: "fcr", span: Span) => ask<Fetched>(`/api/market/fetch/${kind}?first=${span.first}&last=${span.last}`, {}),
  fetching: (kind: "fcr") => ask<Fetched>(`/api/market/fetch/${kind}`),
  schedule: (id: string, kind: "csv" | "json" = "csv") => `/api/revenue/${id}/schedule.${kind}`,
};
