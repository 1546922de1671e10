/** The market: what a battery could have earned, shown beside its prices. Nothing here is a register of the plant. */

import { useEffect } from "preact/hooks";
import { Compare } from "./compare";
import { Controls } from "./controls";
import { Duration, Facts } from "./duration";
import { Eight } from "./eight";
import { Export } from "./export";
import { Headline } from "./headline";
import { Heat } from "./heat";
import { Ladder } from "./ladder";
import { Periods } from "./periods";
import { Schedule } from "./schedule";
import { choose, failure, prices } from "./state";
import { Waterfall } from "./waterfall";
import { w } from "./words";
import "./market.css";
import "./controls.css";
import "./table.css";
import "./plot.css";
import "./heat.css";
import "./compare.css";
import "./counted.css";
import "./print.css";

export function Market() {
  useEffect(() => {
    if (!prices.value) void choose(null);
  }, []);
  const of = prices.value;
  return (
    <section class="view market" aria-labelledby="market-title">
      <header class="market-title">
        <div>
          <h1 id="market-title">{w("title")}</h1>
          <p class="question">{w("question")}</p>
        </div>
        <Export />
      </header>
      {!of && !failure.value && <p class="waiting">{w("loading")}</p>}
      {!of && failure.value && (
        <p class="failure" role="alert">
          ✕ {failure.value}
        </p>
      )}
      {of && (
        <>
          <div class="market-top">
            <Controls />
            <div class="market-answer">
              <Headline />
              <Ladder />
              <Facts />
            </div>
          </div>
          <Schedule />
          <div class="market-pair">
            <Periods />
            <Duration />
          </div>
          <Heat />
          <Eight />
          <Waterfall />
          <Compare />
          <footer class="market-credit note">
            {w("attribution")}: <Credits />
          </footer>
        </>
      )}
    </section>
  );
}

/** Every source once, with the way to its licence. */
function Credits() {
  const sources = [...new Map((prices.value?.provenance ?? []).map((one) => [`${one.attribution}${one.licence}`, one])).values()];
  return (
    <>
      {sources.map((one, at) => (
        <span key={one.attribution}>
          {at > 0 && "; "}
          {one.attribution}
          {one.licence && (
            <>
              {" ("}
              {one.licence_url ? (
                <a href={one.licence_url} target="_blank" rel="noreferrer">
                  {one.licence}
                </a>
              ) : (
                one.licence
              )}
              {")"}
            </>
          )}
        </span>
      ))}
    </>
  );
}
