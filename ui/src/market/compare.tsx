/** Whole years by this program, and what others published: beside the maximum, each with its source. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { market, type Comparison } from "./answers";
import { Caveat } from "./headline";
import { question } from "./state";
import { w } from "./words";
import { month, number } from "./write";

const DURATIONS = [1, 2, 4];
const CYCLES = [1, 1.5, 2];

export function Compare() {
  const [found, setFound] = useState<Comparison | null>(null);
  useEffect(() => {
    let over = false;
    market.compare(language.value).then(
      (next) => over || setFound(next),
      (reason: Error) => console.warn(reason),
    );
    return () => {
      over = true;
    };
  }, [language.value]);
  if (!found) return null;
  const asked = question.value;
  const hours = nearest(DURATIONS, asked.energy_wh / asked.power_w);
  const cycles = nearest(CYCLES, asked.cycles_day ?? 2);
  const years = found.years.filter((row) => row.hours === hours && row.cycles === cycles);
  return (
    <section class="market-part market-beside" aria-labelledby="market-compare">
      <div class="market-head">
        <h2 id="market-compare">{w("compare")}</h2>
        <Caveat />
      </div>
      <p class="note">{w("compare_years", { hours: number(hours), cycles: number(cycles, cycles % 1 ? 1 : 0) })}</p>
      <ol class="market-years">
        {years.map((row) => (
          <li key={row.year}>
            <span class="muted">{row.year}</span> <strong>{number(row.eur_mw)}</strong>
          </li>
        ))}
      </ol>
      <p class="note market-credit">{w("compare_grid")}</p>
      <h3>{w("indices")}</h3>
      <p class="note">{w("indices_hint")}</p>
      <ul class="market-indices">
        {found.indices.map((row) => (
          <li key={row.name}>
            <strong>{row.name}</strong>
            <span>{row.counts}</span>
            <span>
              {Object.entries(row.figures)
                .map(([period, eur]) => `${month(period)}: ${number(eur)}`)
                .join(" · ") || w("changes_daily")}
            </span>
            <cite>
              {w("source")}: {row.source}
            </cite>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nearest(choices: number[], value: number): number {
  return choices.reduce((best, one) => (Math.abs(one - value) < Math.abs(best - value) ? one : best));
}
