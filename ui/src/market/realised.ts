/** Which days the eight-day view shows, and what was counted in them. */

import { signal } from "@preact/signals";
import { model } from "../figures/snapshot";
import { market, type Files, type Prices, type Question, type Realised, type Revenue, type Slots, type Span } from "./answers";
import { past } from "../history/api";
import { say } from "./counted";
import { covers } from "./known";
import { dayOf, later } from "./write";

export interface Around {
  span: Span;
  /** The battery whose maximum stands beside what was counted: the plant's by its nameplate, or the one asked about. */
  question: Question;
  slots: Slots;
  revenue: Revenue;
  /** The files that it is about. */
  files: Files;
  realised: Realised | null;
  /** Why nothing was counted, where nothing was. */
  why: string | null;
}

/** What the eight-day view shows now; the waterfall explains the same days. */
export const around = signal<Around | null>(null);

const BACK = 7;

/** Asks for the days around now, or for those that were counted last, or for the last ones of the answer. */
export async function lookAround(known: Prices["known"], found: { id: string; revenue: Revenue }, files: Files, language: string, signal: AbortSignal): Promise<Around> {
  const today = dayOf(Date.now());
  let realised: Realised | null = null;
  let why: string | null = null;
  try {
    const kept = files.curve ? null : await past.span();
    if (kept && kept.end_ms === null) why = say(kept.recording ? "nothing_yet" : "no_history");
    else realised = await market.realised(null, files, signal);
  } catch (reason) {
    if (signal.aborted) throw reason;
    why = (reason as Error).message;
  }
  const question = !files.curve && realised ? ofPlant(found.revenue.question) : found.revenue.question;
  const span = daysToShow(known, today, realised, files) ?? lastDays(found.revenue);
  if (realised && realised.counted_slots > 0 && realised.valued_slots === 0) why = say("unpriced", { from: realised.first, to: realised.last });
  if (realised && (realised.first !== span.first || realised.last !== span.last)) realised = await market.realised(span, files, signal);
  if (realised && realised.counted_slots === 0) {
    why ??= say("not_these_days", { from: span.first, to: span.last });
    realised = null;
  }
  const asked = await market.around(question, span, files.own ? { own: files.own } : {}, signal);
  const slots = await market.slots(asked.id, span, language);
  return { span, question, slots, revenue: asked.revenue, files, realised, why };
}

/** Around now where prices are known to tomorrow or today; else the days that were counted and have prices. */
function daysToShow(known: Prices["known"], today: string, realised: Realised | null, files: Files): Span | null {
  if (!files.curve && !files.own) {
    for (const last of [later(today, 1), today]) {
      const days = { first: later(today, -BACK), last };
      if (covers(known, days)) return days;
    }
  }
  return realised ? priced(realised) : null;
}

/** The days of which every slot has a price, at most eight, the last ones. */
export function priced(realised: Pick<Realised, "start_ms" | "price" | "power_w">): Span | null {
  const whole = new Map<string, boolean>();
  realised.start_ms.forEach((ms, i) => {
    const name = dayOf(ms);
    whole.set(name, (whole.get(name) ?? true) && realised.price[i] !== null);
  });
  const days = [...whole].filter(([, all]) => all).map(([name]) => name);
  const last = days[days.length - 1];
  if (!last) return null;
  let first = last;
  while (days.includes(later(first, -1)) && later(first, BACK) > last) first = later(first, -1);
  return { first, last };
}

function lastDays(revenue: Revenue): Span {
  const first = later(revenue.last_day, -BACK);
  return { first: first > revenue.first_day ? first : revenue.first_day, last: revenue.last_day };
}

function ofPlant(question: Question): Question {
  const plant = model.peek()?.plant;
  return plant?.power_w && plant.energy_wh ? { ...question, power_w: plant.power_w, energy_wh: plant.energy_wh } : question;
}

/** What was counted, laid on the slots of the maximum: power and price's worth of each, null where not counted. */
export function laid(slots: Pick<Slots, "start_ms">, realised: Realised): { power: (number | null)[]; eur: (number | null)[] } {
  const at = new Map(realised.start_ms.map((ms, i) => [ms, i]));
  const step = realised.minutes * 60_000;
  const place = (ms: number) => at.get(ms) ?? at.get(Math.floor(ms / step) * step);
  const of = (column: (number | null)[]) =>
    slots.start_ms.map((ms) => {
      const i = place(ms);
      return i === undefined ? null : column[i]!;
    });
  return { power: of(realised.power_w), eur: of(realised.eur) };
}
