/** Months and years of the feasible schedule, per MW. */

import type { Period } from "./answers";
import { answer, pending } from "./state";
import { w } from "./words";
import { month, number } from "./write";

export function Periods() {
  const found = answer.value?.revenue;
  if (!found) return null;
  return (
    <section class={pending.value ? "market-part market-stale" : "market-part"} aria-labelledby="market-months">
      <h2 id="market-months">{w("months")}</h2>
      <Table rows={found.months} name={w("month")} />
      {found.years.length > 1 && <Table rows={found.years} name={w("year")} />}
    </section>
  );
}

function Table({ rows, name }: { rows: Period[]; name: string }) {
  const most = Math.max(...rows.map((row) => row.eur_mw), 1e-9);
  return (
    <table class="market-table">
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">{w("feasible_column")}</th>
          <th scope="col" aria-hidden="true" class="market-wide" />
          <th scope="col">{w("full_cycles")}</th>
          <th scope="col">{w("hours_covered")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{month(row.name)}</th>
            <td>{number(row.eur_mw)}</td>
            <td class="market-wide" aria-hidden="true">
              <svg class="market-bar" viewBox="0 0 100 10" preserveAspectRatio="none">
                <rect width={(Math.max(0, row.eur_mw) / most) * 100} height={10} class="market-bar-fill" />
              </svg>
            </td>
            <td>{number(row.cycles, 1)}</td>
            <td>
              {number(row.hours)}
              {!row.whole && <small> {w("part")}</small>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
