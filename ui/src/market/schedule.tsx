/** The schedule of the answer, a week at a time. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { market, type Slots } from "./answers";
import { Caveat } from "./headline";
import { SlotPlot } from "./slotplot";
import { answer, pending } from "./state";
import { w } from "./words";
import { day, later } from "./write";

const WEEK = 7;

export function Schedule() {
  const found = answer.value;
  const [first, setFirst] = useState<string | null>(null);
  const [slots, setSlots] = useState<Slots | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const begin = found && first && first >= found.revenue.first_day && first <= found.revenue.last_day ? first : found?.revenue.first_day;
  const end = found && begin ? least(later(begin, WEEK - 1), found.revenue.last_day) : undefined;
  useEffect(() => {
    if (!found || !begin || !end) return undefined;
    let over = false;
    market.slots(found.id, { first: begin, last: end }, language.value).then(
      (next) => {
        if (over) return;
        setSlots(next);
        setWrong(null);
      },
      (reason: Error) => over || setWrong(reason.message),
    );
    return () => {
      over = true;
    };
  }, [found?.id, begin, end, language.value]);
  if (!found || !slots || !begin || !end) return null;
  return (
    <section class={pending.value ? "market-part market-stale" : "market-part"} aria-labelledby="market-schedule">
      <div class="market-head">
        <h2 id="market-schedule">{w("schedule")}</h2>
        <Caveat />
        <span class="market-key">
          <i class="market-key-buy" /> {w("charge")} <i class="market-key-sell" /> {w("discharge")}
        </span>
        <span class="toolbar">
          <button type="button" class="switch" disabled={begin <= found.revenue.first_day} onClick={() => setFirst(most(later(begin, -WEEK), found.revenue.first_day))}>
            ← {w("earlier")}
          </button>
          <span>
            {day(begin, { day: "numeric", month: "short" })} – {day(end)}
          </span>
          <button type="button" class="switch" disabled={end >= found.revenue.last_day} onClick={() => setFirst(later(begin, WEEK))}>
            {w("later")} →
          </button>
        </span>
      </div>
      {wrong && <p class="failure">✕ {wrong}</p>}
      <SlotPlot slots={slots} label={w("schedule")} power={found.revenue.question.power_w} />
      <p class="note market-credit">
        {w("attribution")}: {slots.attribution}
      </p>
    </section>
  );
}

const least = (a: string, b: string) => (a < b ? a : b);
const most = (a: string, b: string) => (a > b ? a : b);
