/** Level 11: the DC voltage as cells, racks, bus and converter say it, on one scale. */

import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, findAll, labelOf, sourceOf, type Model } from "../plant/model";
import { partShort, partTitle } from "../plant/parts";
import { BarList, type Row } from "../twin2d/bars";
import { nice } from "../twin2d/statistics";
import type { BusRow } from "../wire/schema";

export function DcLink() {
  const of = model.value!;
  const lists = of.buses.map((bus) => ({ bus, rows: rowsOf(of, bus) }));
  const known = lists.flatMap(({ rows }) => rows.map((row) => (row.id ? read(row.id).value : null))).filter((value): value is number => value !== null && value > 0);
  const low = known.length ? Math.min(...known) : 1000;
  const high = known.length ? Math.max(...known) : 1500;
  const step = nice(Math.max(2, (high - low) / 4));
  const from = Math.floor((low - step * 0.2) / step) * step;
  const to = Math.ceil((high + step * 0.2) / step) * step;
  if (!lists.length) return <p class="picture hatched">{t("dclink.none")}</p>;
  return (
    <section class="picture two-up" aria-label={t("dclink.title")}>
      {lists.map(({ bus, rows }) => (
        <div key={bus.id}>
          <h2 data-nav>
            {t("dclink.title")} · {partTitle(bus.id)}
          </h2>
          <BarList rows={rows} from={from} to={to} unit="V" as="dot" />
        </div>
      ))}
    </section>
  );
}

function rowsOf(of: Model, bus: BusRow): Row[] {
  const of_ = (part: string, metric: string, label: string, heading?: string): Row => ({ id: find(of, part, metric), label, ...(heading ? { heading } : {}) });
  const rows: Row[] = [];
  if (bus.pcs) rows.push(of_(bus.pcs, "dc_voltage", partTitle(bus.pcs), t("dclink.converter")));
  rows.push(of_(bus.id, "voltage", partTitle(bus.id), t("dclink.bus")));
  bus.racks.forEach((rack, i) => {
    const ids = findAll(of, rack, "voltage");
    const labels = ids.map((id) => (ids.length > 1 ? `${partShort(rack)} ${sourceOf(of, id)}` : partShort(rack)));
    ids.forEach((id, n) => rows.push({ id, label: labels[n]!, ...(i === 0 && n === 0 ? { heading: t("dclink.racks") } : {}) }));
  });
  bus.racks.forEach((rack, i) => rows.push(of_(rack, "cell_voltage_sum", partShort(rack), i === 0 ? sumHeading(of, rack) : undefined)));
  return rows;
}

function sumHeading(of: Model, rack: string): string {
  const id = find(of, rack, "cell_voltage_sum");
  return id ? labelOf(of, id) : t("dclink.cells");
}
