/** Seven days back and tomorrow: prices in quarters, what the maximum would do, what the meter counted, and where now is. */

import { useEffect } from "preact/hooks";
import { language } from "../i18n";
import type { Slots } from "./answers";
import { say } from "./counted";
import { Caveat } from "./headline";
import { around, laid, lookAround, type Around } from "./realised";
import { SlotPlot } from "./slotplot";
import { answer, brought, pending, prices } from "./state";
import { w } from "./words";
import { day, dayOf, later, moment, number } from "./write";

const BACK = 7;

export function Eight() {
  const found = answer.value;
  const today = dayOf(Date.now());
  const { curve } = brought.value;
  useEffect(() => {
    const known = prices.peek()?.known;
    if (!found || !known) return undefined;
    const leaving = new AbortController();
    const asked = { ...found.files, ...(curve ? { curve: curve.id } : {}) };
    lookAround(known, found, asked, language.value, leaving.signal).then(
      (next) => void (leaving.signal.aborted || (around.value = next)),
      (reason: Error) => leaving.signal.aborted || console.warn(reason), // what was shown stays; the schedule above says what is wrong
    );
    return () => leaving.abort();
  }, [found?.id, today, language.value, curve?.id]);
  return around.value && <Shown of={around.value} today={today} />;
}

function Shown({ of, today }: { of: Around; today: string }) {
  const { slots, realised } = of;
  const now = Date.now();
  const cuts = quartiles(slots.price);
  const [begin, end] = [slots.start_ms[0]!, slots.start_ms[slots.start_ms.length - 1]! + slots.minutes * 60_000];
  const within = now >= begin && now < end;
  const counted = realised ? laid(slots, realised) : null;
  const use = used(slots, cuts);
  const most = Math.max(of.question.power_w, ...(counted?.power ?? []).map((watt) => Math.abs(watt ?? 0)));
  return (
    <section class={pending.value ? "market-part market-around market-stale" : "market-part market-around"} aria-labelledby="market-eight">
      <div class="market-head">
        <h2 id="market-eight">{w("eight")}</h2>
        <Caveat />
        <span class="market-key">
          <i class="market-key-buy" /> {w("buy")} <i class="market-key-sell" /> {w("sell")} <i class="market-key-rest" /> {w("rest")}
          {counted && (
            <>
              {" "}
              <i class="market-key-counted" /> {say("realised")}
            </>
          )}
        </span>
      </div>
      <p class="note">
        {w("eight_hint")} {w("quartiles", { low: number(cuts[0], 2), high: number(cuts[1], 2), buy: w("buy"), sell: w("sell") })}.
      </p>
      <SlotPlot slots={slots} label={w("eight")} power={most} quartiles={cuts} marks={within ? [{ ms: now, label: w("now") }] : []} {...(counted ? { counted: counted.power } : {})} />
      <p class="note">{w("caught", { caught: number(use.caught, 2), all: number(use.all, 2), missed: number(use.all - use.caught, 2) })}</p>
      {counted ? <Counted of={of} power={counted.power} cuts={cuts} /> : <Nothing of={of} />}
      {!within && now >= end && <p class="note market-beyond">{w("now_beyond", { day: day(slots.last), from: later(today, -BACK), to: later(today, 1) })}</p>}
      <p class="note market-credit">
        {w("attribution")}: {slots.attribution}
      </p>
    </section>
  );
}

/** What the meter counted in these days, what it caught and missed, and what of it is not known. */
function Counted({ of, power, cuts }: { of: Around; power: (number | null)[]; cuts: [number, number] }) {
  const { slots, realised, revenue } = of;
  if (!realised) return null;
  const known = power.map((watt) => watt ?? 0);
  // a hundredth of the power is standing draw, not trade
  const use = used({ ...slots, power_w: known }, cuts, power.map((watt) => watt !== null), of.question.power_w / 100);
  const shown = realised.gaps.slice(0, 3);
  const whole = realised.valued_slots === realised.start_ms.length;
  return (
    <div class="market-realised">
      <p>
        <strong id="market-realised-eur">
          {say("earned", {
            eur: number(realised.eur_total, 2),
            out: number(realised.out_total_wh / 1e6, 3),
            into: number(realised.in_total_wh / 1e6, 3),
          })}
        </strong>{" "}
        {whole && (
          <>
            {say("most", { most: number(revenue.bound_eur, 2) })} <Caveat />
          </>
        )}
      </p>
      <p id="market-caught">{say("caught", { all: number(use.all, 2), caught: number(use.caught, 2), missed: number(use.all - use.caught, 2) })}</p>
      <p class="muted">
        {realised.source === "registers" ? say("by_registers") : say("by_file", { name: realised.source })}: {say("slots", { counted: number(realised.counted_slots), all: number(realised.start_ms.length) })}{" "}
        {realised.counters.map((one) => (
          <span key={one.figure}>
            {one.figure}: {say("left_out", { left: number(one.left_out), sweeps: number(one.sweeps) })}
            {one.resets > 0 && `, ${say("resets", { n: one.resets })}`}.{" "}
          </span>
        ))}
      </p>
      <ul class="market-gaps">
        {shown.map((gap) => (
          <li key={gap.begin_ms}>
            {say("gap", { from: moment(gap.begin_ms), to: moment(gap.end_ms) })}:{" "}
            {gap.out_wh === null || gap.in_wh === null ? say("gap_open") : say("gap_energy", { out: number(gap.out_wh / 1e3, 1), into: number(gap.in_wh / 1e3, 1) })}.
          </li>
        ))}
        {realised.gaps.length > shown.length && <li>{say("gaps_more", { n: realised.gaps.length - shown.length })}.</li>}
      </ul>
    </div>
  );
}

function Nothing({ of }: { of: Around }) {
  return (
    <p class="note" id="market-uncounted">
      {say("no_record")} {of.why}
    </p>
  );
}

/** Prices below which the cheapest and above which the dearest quarter of the slots lie. */
export function quartiles(price: number[]): [number, number] {
  const sorted = [...price].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))]!;
  return [at(0.25), at(0.75)];
}

/** Hours of the cheapest and dearest quarter, as far as `known`, and those in which more than `leastW` buys or sells. */
export function used(slots: Pick<Slots, "price" | "power_w" | "minutes">, [low, high]: [number, number], known?: boolean[], leastW = 1): { all: number; caught: number } {
  let [all, caught] = [0, 0];
  slots.price.forEach((price, i) => {
    if ((price > low && price < high) || known?.[i] === false) return;
    all += slots.minutes / 60;
    const power = slots.power_w[i]!;
    if ((price <= low && power < -leastW) || (price >= high && power > leastW)) caught += slots.minutes / 60;
  });
  return { all, caught };
}
