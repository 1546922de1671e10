/** Level 5: the cooling circuit with its registers, and what every rack's hottest and coldest sensor says. */

import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, partsOf } from "../plant/model";
import { partShort } from "../plant/parts";
import { read } from "../figures/reading";
import { BarList, type Row } from "../twin2d/bars";
import { Circuit } from "./circuit";
import { SensorMap } from "./ntc";

export function Thermal() {
  const of = model.value!;
  const racks = partsOf(of, "rack");
  const rows: Row[] = racks.flatMap((rack) => [
    { id: find(of, rack, "temperature_max"), label: `${partShort(rack)} ${t("thermal.max")}` },
    { id: find(of, rack, "temperature_min"), label: `${partShort(rack)} ${t("thermal.min")}` },
  ]);
  const known = rows.map((row) => (row.id ? read(row.id).value : null)).filter((value): value is number => value !== null);
  const from = known.length ? Math.floor(Math.min(...known) - 1) : 15;
  const to = known.length ? Math.ceil(Math.max(...known) + 1) : 45;
  return (
    <>
      <Circuit of={of} />
      <SensorMap compact />
      <section class="picture" aria-label={t("thermal.racks")}>
        <h2>{t("thermal.racks")}</h2>
        <div class="two-up">
          <BarList rows={rows.slice(0, racks.length)} from={from} to={to} unit="°C" as="dot" />
          <BarList rows={rows.slice(racks.length)} from={from} to={to} unit="°C" as="dot" />
        </div>
      </section>
    </>
  );
}
