/** What schedules without foresight get, beside the maximum. */

import type { Rung } from "./answers";
import { Caveat } from "./headline";
import { answer, pending } from "./state";
import { w } from "./words";
import { number } from "./write";

export function Ladder() {
  const found = answer.value?.revenue;
  if (!found) return null;
  const rungs = [...found.ladder].sort((a, b) => b.eur - a.eur);
  return (
    <section class={pending.value ? "market-part market-stale" : "market-part"} aria-labelledby="market-ladder">
      <h2 id="market-ladder">{w("ladder")}</h2>
      <ol class="market-ladder">
        <li>
          <span>
            {w("foresight")} <Caveat />
          </span>
          <Bar share={1} best />
          <span class="market-right">{number(found.feasible_eur)} EUR</span>
          <span class="market-right">100 %</span>
        </li>
        {rungs.map((rung) => (
          <Row key={rung.key} rung={rung} />
        ))}
      </ol>
    </section>
  );
}

function Row({ rung }: { rung: Rung }) {
  return (
    <li data-rung={rung.key}>
      <span>
        {w(rung.key)}
        {rung.days < rung.of_days && <small> {w("traded", { days: rung.days, of: rung.of_days })}</small>}
      </span>
      <Bar share={rung.share ?? 0} />
      <span class="market-right">{number(rung.eur)} EUR</span>
      <span class="market-right">{rung.share === null ? "—" : `${number(rung.share * 100)} %`}</span>
    </li>
  );
}

function Bar({ share, best = false }: { share: number; best?: boolean }) {
  return (
    <svg class="market-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.max(0, Math.min(1, share)) * 100} height={10} class={best ? "market-bar-best" : "market-bar-fill"} />
    </svg>
  );
}
