/** Level 5: the cooling circuit with its registers, and what every rack's hottest and coldest sensor says. */

import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { t, type Key } from "../i18n";
import { find, partsOf, type Model } from "../plant/model";
import { partShort } from "../plant/parts";
import { read } from "../figures/reading";
import { BarList, type Row } from "../twin2d/bars";
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

const STATIONS: { key: Key; of: [kind: string, metric: string][] }[] = [
  { key: "thermal.unit", of: [["cooling", "pump_speed_1"], ["cooling", "pump_duty"], ["cooling", "power"], ["container", "cooling_state"]] },
  { key: "thermal.supply", of: [["container", "coolant_supply_temperature"], ["cooling", "coolant_supply_temperature"], ["cooling", "coolant_supply_pressure"], ["cooling", "coolant_flow"]] },
  { key: "thermal.cabin", of: [["container", "air_temperature"], ["container", "humidity"], ["container", "outdoor_temperature"]] },
  { key: "thermal.return", of: [["container", "coolant_return_temperature"], ["cooling", "coolant_return_temperature"], ["cooling", "coolant_return_pressure"]] },
];

/** Cooling unit, supply, cabin, return: four stations in a ring. */
export function Circuit({ of }: { of: Model }) {
  return (
    <section class="picture circuit" aria-label={t("thermal.circuit")}>
      {STATIONS.map(({ key, of: wanted }) => {
        const ids = wanted.flatMap(([kind, metric]) => partsOf(of, kind).map((part) => find(of, part, metric))).filter((id): id is string => id !== null);
        return (
          <div key={key} class={`station${ids.length ? "" : " hatched"}`}>
            <span class="ol-title">{t(key)}</span>
            {ids.length === 0 && <span class="muted">{t("figure.no_register")}</span>}
            {ids.map((id) => (
              <Figure key={id} id={id} as="line" />
            ))}
          </div>
        );
      })}
    </section>
  );
}
