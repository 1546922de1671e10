/** What is asked, what was answered, and the way between: the bound at once while a slider moves, the rest when it rests. */

import { batch, signal } from "@preact/signals";
import { market, Refused, type Bound, type Brought, type FileKind, type Files, type Prices, type Question, type Revenue, type Span } from "./answers";

export const question = signal<Question>({ power_w: 1e6, energy_wh: 2e6, round_trip: 0.88, cycles_day: 1.5, wear_eur_mwh: 0 });
export const span = signal<Span | null>(null);
export const prices = signal<Prices | null>(null);
/** The whole answer and the question that it answers. */
export const answer = signal<{ id: string; revenue: Revenue; files: Files } | null>(null);
/** The bound of the question in force, ahead of the rest. */
export const bound = signal<Bound | null>(null);
export const pending = signal(false);
export const failure = signal<string | null>(null);
/** Days that the reader has chosen and that were not answered for yet. */
export const draft = signal<Span | null>(null);
/** The days that were asked for, where this machine has prices of a part of them only. */
export const shortened = signal<Span | null>(null);

/** Files of the reader's: prices in place of those of this machine, prices of FCR, what a meter counted. */
export const brought = signal<Partial<Record<FileKind, Brought>>>({});
/** Whether FCR is sold too, where its prices were brought. */
export const withFcr = signal(false);

/** The files that a question is about. */
export function files(): Files {
  const { prices: own, fcr, curve } = brought.value;
  return { ...(own ? { own: own.id } : {}), ...(fcr && withFcr.value ? { fcr: fcr.id } : {}), ...(curve ? { curve: curve.id } : {}) };
}

const REST_MS = 220;
const SUPERSEDED = 409;
const BUSY = 503;

let moving: AbortController | null = null;
let resting: ReturnType<typeof setTimeout> | undefined;
let following: Promise<void> | null = null;
let again = false;

/** Loads the prices of a span, those that ship with the program where none is named, and asks the question of them. */
export async function choose(next: Span | null): Promise<void> {
  failure.value = null;
  try {
    const found = await market.prices(next, files());
    batch(() => {
      prices.value = found;
      span.value = { first: found.days[0]!, last: found.days[found.days.length - 1]! };
      shortened.value = next && (next.first < span.value.first || next.last > span.value.last) ? next : null;
      bound.value = null;
      draft.value = null;
    });
    await settle();
  } catch (reason) {
    fail(reason);
  }
}

/** Opens a file, or puts one away; the question is asked anew where the file is part of it. Throws the server's words. */
export async function bring(kind: FileKind, file: File | null): Promise<void> {
  const found = file ? await market.bring(kind, file) : undefined;
  const { [kind]: _, ...others } = brought.value;
  brought.value = found ? { ...others, [kind]: found } : others;
  if (kind === "prices") await choose(null);
  if (kind === "fcr") sellFcr(found !== undefined);
}

export function sellFcr(on: boolean): void {
  withFcr.value = on && brought.value.fcr !== undefined;
  change({});
}

/** A slider moved: the bound is asked for now, the whole answer when nothing has moved for a moment. */
export function change(part: Partial<Question>): void {
  question.value = { ...question.value, ...part };
  pending.value = true;
  failure.value = null;
  clearTimeout(resting);
  // the server would end it for the bound of the newer question; here it is no longer wanted either
  moving?.abort();
  resting = setTimeout(() => void settle(), REST_MS);
  again = true;
  following ??= follow().finally(() => (following = null));
}

/** One bound at a time is under way; what was changed meanwhile is asked for right after it. */
async function follow(): Promise<void> {
  while (again) {
    again = false;
    const [now, days] = [question.value, span.value];
    if (!days) break;
    try {
      const found = await market.bound(now, days, files());
      if (now === question.value && pending.value) bound.value = found;
    } catch (reason) {
      if (!passing(reason)) fail(reason);
    }
  }
}

async function settle(): Promise<void> {
  await following;
  const [now, days] = [question.value, span.value];
  if (!days) return;
  moving?.abort();
  moving = new AbortController();
  pending.value = true;
  try {
    const asked = files();
    const found = await market.revenue(now, days, moving.signal, asked);
    if (now !== question.value || days !== span.value) return;
    batch(() => {
      answer.value = { ...found, files: { ...(asked.own ? { own: asked.own } : {}), ...(asked.fcr ? { fcr: asked.fcr } : {}) } };
      bound.value = { bound_eur: found.revenue.bound_eur, eur_mw: found.revenue.eur_mw, seconds: found.revenue.bound_seconds };
      pending.value = false;
      failure.value = null;
    });
  } catch (reason) {
    if (reason instanceof Refused && reason.status === BUSY) resting = setTimeout(() => void settle(), REST_MS);
    else if (!passing(reason)) fail(reason);
  }
}

/** Nothing is wrong: a newer question came first, or too many wait. */
function passing(reason: unknown): boolean {
  if (reason instanceof DOMException && reason.name === "AbortError") return true;
  return reason instanceof Refused && (reason.status === SUPERSEDED || reason.status === BUSY);
}

function fail(reason: unknown): void {
  batch(() => {
    failure.value = reason instanceof Error ? reason.message : String(reason);
    pending.value = false;
  });
}
