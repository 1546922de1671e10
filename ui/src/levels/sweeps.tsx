/** How each device was read last: requests, failures, and how far apart its first and its last value were taken. */

import { useEffect } from "preact/hooks";
import { followSweeps, sweeps } from "../figures/asked";
import { Age, Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import type { Model } from "../plant/model";

export const SWEEP_FACTS = ["sweep_requests", "sweep_failed", "sweep_skew"] as const;

/** Ids of the devices that report a metric, in the order of the plant file. */
export function devicesOf(of: Model, metric: string): string[] {
  const p = of.schema.points;
  const numbers = new Set(p.metric.flatMap((name, i) => (name === metric ? [p.device[i]!] : [])));
  return of.schema.devices.filter((_, n) => numbers.has(n)).map((device) => device.id);
}

export function Sweeps({ metric }: { metric: string }) {
  const of = model.value!;
  useEffect(followSweeps, []);
  const devices = devicesOf(of, metric);
  if (!sweeps.value || devices.length === 0) return null;
  return (
    <section class="picture" aria-label={t("sweeps.title")}>
      <h2>{t("sweeps.title")}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label={t("sweeps.title")}>
        <table class="grid">
          <thead>
            <tr>
              <th scope="col" class="corner">
                {t("devices.device")}
              </th>
              {SWEEP_FACTS.map((fact) => (
                <th key={fact} scope="col">
                  {t(`sweeps.${fact}`)}
                </th>
              ))}
              <th scope="col">{t("devices.age")}</th>
            </tr>
          </thead>
          <tbody>
            {devices.map((device) => (
              <tr key={device}>
                <th scope="row" data-nav>
                  {of.schema.devices.find((row) => row.id === device)!.label || device}
                </th>
                {SWEEP_FACTS.map((fact) => (
                  <td key={fact}>
                    <Figure id={`device/${device}/${fact}`} as="bare" />
                  </td>
                ))}
                <td>
                  <Age seconds={read(`device/${device}/${SWEEP_FACTS[0]}`).ageS} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">{t("sweeps.note")}</p>
    </section>
  );
}
