/** What is shown, as files, and on paper. */

import { market, type Prices } from "./answers";
import { answer, prices } from "./state";
import { w } from "./words";

export function Export() {
  const found = answer.value;
  if (!found || !prices.value) return null;
  const days = `${found.revenue.first_day}-${found.revenue.last_day}`;
  return (
    <div class="toolbar market-export" role="group" aria-label={w("export")}>
      <a class="switch" href={market.schedule(found.id)} download={`schedule-${days}.csv`}>
        {w("export_schedule")}
      </a>
      <a class="switch" href={market.schedule(found.id, "json")} download={`schedule-${days}.json`}>
        {w("export_plan")}
      </a>
      <button type="button" class="switch" onClick={() => save(`revenue-${days}.json`, "application/json", JSON.stringify(found.revenue, null, 2))}>
        {w("export_json")}
      </button>
      <button type="button" class="switch" onClick={() => save(`prices-${days}.csv`, "text/csv", table(prices.value!))}>
        {w("export_prices")}
      </button>
      <button type="button" class="switch" onClick={() => print()}>
        {w("print")}
      </button>
    </div>
  );
}

/** Prices in the form in which the command line takes them back. */
export function table(of: Prices): string {
  const lines = of.price.map((price, i) => `${new Date(of.start_ms[i]!).toISOString().slice(0, 16)}Z,${price},${of.unit_min[i]}`);
  return ["utc_start,price_eur_mwh,mtu_min", ...lines, ""].join("\n");
}

function save(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
