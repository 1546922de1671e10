/** The figure that was asked for, and what stands behind it. */

import type { Question, Revenue } from "./answers";
import { say } from "./counted";
import { answer, bound, brought, pending, question } from "./state";
import { w } from "./words";
import { day, number } from "./write";

const WHOLE_YEARS_MIN = [8760 * 60, 8784 * 60];

export function Caveat() {
  return (
    <strong class="market-caveat" title={w("caveat_why")}>
      {w("caveat")}
    </strong>
  );
}

export function Headline() {
  const found = answer.value?.revenue;
  const ahead = bound.value;
  const fcr = brought.value.fcr;
  if (!found || !ahead) return <div class="market-headline" aria-busy="true" />;
  const mw = question.value.power_w / 1e6;
  const stale = pending.value;
  const year = WHOLE_YEARS_MIN.includes(found.slots * found.slot_min);
  return (
    <section class="market-headline" aria-label={w("maximum")}>
      <p class="market-asked">{asked(question.value, found)}</p>
      <p class="market-maximum" aria-live="polite">
        <span class="market-figure" id="market-eur-mw">
          {number(ahead.eur_mw)}
        </span>{" "}
        <span class="market-figure-unit">EUR/MW</span>
      </p>
      <p class="market-under">
        <Caveat /> {w("per_mw", { days: found.days })}
        {mw !== 1 && ` · ${number(ahead.bound_eur)} EUR`}
      </p>
      <div class={stale ? "market-detail market-stale" : "market-detail"}>
        <p>{stale ? w("following") : w("feasible", { eur: number(found.feasible_eur, 2), gap: number(found.gap_eur, 2), slots: number(found.slots), minutes: found.slot_min })}</p>
        {found.reserve_eur > 0 && fcr && <p id="market-fcr">{say("fcr_with", { name: fcr.name, eur: number(found.reserve_eur, 2) })}</p>}
        <p>{w("turns", { cycles: number(found.cycles, 1), charged: number(found.charged_mwh, 1), discharged: number(found.discharged_mwh, 1) })}</p>
        {!year && <p>{w("pace", { eur: number(found.eur_mw_year) })}</p>}
        <p class="muted">
          {w("proof", { gap: found.proof.duality_gap_eur.toExponential(0) })} {w("solved", { seconds: number(found.seconds, 2) })}
        </p>
      </div>
    </section>
  );
}

/** The battery and the days in one line: on paper there are no sliders that say them. */
function asked(of: Question, found: Revenue): string {
  const digits = (value: number) => (value % 1 ? 2 : 0);
  const battery = [
    `${number(of.power_w / 1e6, digits(of.power_w / 1e6))} MW`,
    `${number(of.energy_wh / 1e6, digits(of.energy_wh / 1e6))} MWh`,
    `${w("efficiency")} ${number(of.round_trip * 100, digits(of.round_trip * 100))} %`,
    `${w("cycles")}: ${of.cycles_day === null ? w("no_cap") : number(of.cycles_day, digits(of.cycles_day))}`,
    ...(of.wear_eur_mwh ? [`${w("wear")} ${number(of.wear_eur_mwh)} EUR/MWh`] : []),
  ];
  return `${battery.join(", ")} · ${day(found.first_day)} – ${day(found.last_day)}`;
}
