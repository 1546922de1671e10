/** Seven days back and the day after: quarters by price, the battery's load over them, and where now lies. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { market, type Slots } from "./answers";
import { Caveat } from "./headline";
import { SlotPlot } from "./slotplot";
import { answer, pending, prices } from "./state";
import { w } from "./words";
import { day, dayOf, later, number } from "./write";

const BACK = 7;

export function Eight() {
  const found = answer.value;
  const [slots, setSlots] = useState<Slots | null>(null);
  const now = Date.now();
  const ends = found?.revenue.last_day;
  // the last day shown is tomorrow, where its prices are there, else the last day that has any
  const last = ends ? (ends > later(dayOf(now), 1) ? later(dayOf(now), 1) : ends) : undefined;
  const first = last && found ? (later(last, -BACK) > found.revenue.first_day ? later(last, -BACK) : found.revenue.first_day) : undefined;
  useEffect(() => {
    if (!found || !first || !last || first > last) return undefined;
    let over = false;
    market.slots(found.id, { first, last }, language.value).then(
      (next) => over || setSlots(next),
      () => over || setSlots(null), // the schedule above says what is wrong
    );
    return () => {
      over = true;
    };
  }, [found?.id, first, last, language.value]);
  if (!found || !slots || !prices.value) return null;
  const cuts = quartiles(slots.price);
  const [begin, end] = [slots.start_ms[0]!, slots.start_ms[slots.start_ms.length - 1]! + slots.minutes * 60_000];
  const inside = now >= begin && now < end;
  const use = used(slots, cuts);
  return (
    <section class={pending.value ? "market-part market-full market-stale" : "market-part market-full"} aria-labelledby="market-eight">
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
      <SlotPlot slots={slots} label={w("eight")} power={found.revenue.question.power_w} quartiles={cuts} marks={inside ? [{ ms: now, label: w("now") }] : []} />
      <p class="note">{w("caught", { caught: number(use.caught, 2), all: number(use.all, 2), missed: number(use.all - use.caught, 2) })}</p>
      {!inside && now >= end && <p class="note market-beyond">{w("now_beyond", { day: day(slots.last), from: later(slots.last, 1) })}</p>}
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
