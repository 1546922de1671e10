/** Seven days back and the day after: quarters by price, the battery's load over them, and where now lies. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { market, type Prices, type Revenue, type Slots } from "./answers";
import { Caveat } from "./headline";
import { covers } from "./known";
import { SlotPlot } from "./slotplot";
import { answer, pending, prices } from "./state";
import { w } from "./words";
import { day, dayOf, later, number } from "./write";

const BACK = 7;

interface Asked {
  id: string;
  first: string;
  last: string;
  power: number;
}

export function Eight() {
  const [slots, setSlots] = useState<{ of: Slots; power: number } | null>(null);
  const found = answer.value;
  const known = prices.value?.known;
  const today = dayOf(Date.now());
  useEffect(() => {
    if (!found || !known) return undefined;
    let over = false;
    aroundNow(known, today, found)
      .then(async (asked) => ({ of: await market.slots(asked.id, asked, language.value), power: asked.power }))
      .then(
        (next) => over || setSlots(next),
        (reason: Error) => over || console.warn(reason), // what was shown stays; the schedule above says what is wrong
      );
    return () => {
      over = true;
    };
  }, [found?.id, known, today, language.value]);
  return slots && <Shown slots={slots.of} power={slots.power} today={today} />;
}

/** The answer for the days around today, to tomorrow where it is published; else the last days of the answer that is shown. */
async function aroundNow(known: Prices["known"], today: string, found: { id: string; revenue: Revenue }): Promise<Asked> {
  for (const last of [later(today, 1), today]) {
    const days = { first: later(today, -BACK), last };
    if (!covers(known, days)) continue;
    const around = await market.around(found.revenue.question, days);
    return { id: around.id, ...days, power: found.revenue.question.power_w };
  }
  const { first_day, last_day, question } = found.revenue;
  const first = later(last_day, -BACK);
  return { id: found.id, first: first > first_day ? first : first_day, last: last_day, power: question.power_w };
}

function Shown({ slots, power, today }: { slots: Slots; power: number; today: string }) {
  const now = Date.now();
  const cuts = quartiles(slots.price);
  const [begin, end] = [slots.start_ms[0]!, slots.start_ms[slots.start_ms.length - 1]! + slots.minutes * 60_000];
  const inside = now >= begin && now < end;
  const use = used(slots, cuts);
  return (
    <section class={pending.value ? "market-part market-around market-stale" : "market-part market-around"} aria-labelledby="market-eight">
      <div class="market-head">
        <h2 id="market-eight">{w("eight")}</h2>
        <Caveat />
        <span class="market-key">
          <i class="market-key-buy" /> {w("buy")} <i class="market-key-sell" /> {w("sell")} <i class="market-key-rest" /> {w("rest")}
        </span>
      </div>
      <p class="note">
        {w("eight_hint")} {w("quartiles", { low: number(cuts[0], 2), high: number(cuts[1], 2), buy: w("buy"), sell: w("sell") })}.
      </p>
      <SlotPlot slots={slots} label={w("eight")} power={power} quartiles={cuts} marks={inside ? [{ ms: now, label: w("now") }] : []} />
      <p class="note">{w("caught", { caught: number(use.caught, 2), all: number(use.all, 2), missed: number(use.all - use.caught, 2) })}</p>
      {!inside && now >= end && <p class="note market-beyond">{w("now_beyond", { day: day(slots.last), from: later(today, -BACK), to: later(today, 1) })}</p>}
      <p class="note market-credit">
        {w("attribution")}: {slots.attribution}
      </p>
    </section>
  );
}

/** Prices below which the cheapest and above which the dearest quarter of the slots lie. */
export function quartiles(price: number[]): [number, number] {
  const sorted = [...price].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))]!;
  return [at(0.25), at(0.75)];
}

/** Hours of the cheapest and dearest quarter, and those of them in which the schedule buys or sells. */
export function used(slots: Pick<Slots, "price" | "power_w" | "minutes">, [low, high]: [number, number]): { all: number; caught: number } {
  let [all, caught] = [0, 0];
  slots.price.forEach((price, i) => {
    if (price > low && price < high) return;
    all += slots.minutes / 60;
    const power = slots.power_w[i]!;
    if ((price <= low && power < -1) || (price >= high && power > 1)) caught += slots.minutes / 60;
  });
  return { all, caught };
}
