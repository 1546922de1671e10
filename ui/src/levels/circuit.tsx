/** The cooling circuit: cooling unit, supply, cabin, return, each with its registers. */

import { Figure } from "../figures/figure";
import { t, type Key } from "../i18n";
import { find, partsOf, type Model } from "../plant/model";

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
