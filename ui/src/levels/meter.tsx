/** Level 13: the grid meter as a meter looks, each line with the register behind it. */

import { Age, Mark } from "../figures/figure";
import { faceOf } from "../figures/quality";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t, type Key } from "../i18n";
import { vendor } from "../i18n/vendor";
import { find, partsOf } from "../plant/model";
import { partTitle } from "../plant/parts";
import { openFigure } from "../page/route";
import { Figure } from "../figures/figure";

const LINES = ["energy_export", "energy_import", "active_power", "reactive_power", "frequency"];
const PHASE_ROWS = ["voltage", "current", "active_power", "energy_import", "energy_export"];

export function Meter() {
  const of = model.value!;
  const meters = partsOf(of, "meter");
  if (!meters.length) return <p class="picture hatched">{t("figure.no_register")}</p>;
  const facts = Object.entries((of.plant.metadata["meter"] ?? {}) as Record<string, unknown>);
  return (
    <section class="picture meter-and-facts" aria-label={t("meter.display")}>
      {meters.map((meter) => (
        <div class="meter" key={meter}>
          <h2 data-nav>{partTitle(meter)}</h2>
          <div class="display">
            {LINES.map((metric) => find(of, meter, metric)).filter((id): id is string => id !== null).map((id) => (
              <DisplayLine key={id} id={id} />
            ))}
          </div>
          <div class="scroll">
            <table class="grid phases-table">
              <thead>
                <tr>
                  <th scope="col" class="corner"><span class="hidden">{t("pq.quantity")}</span></th>
                  {["L1", "L2", "L3"].map((phase) => (
                    <th key={phase} scope="col" data-nav>{phase}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {PHASE_ROWS.map((row) => (
                  <tr key={row}>
                    <th scope="row">{t(`meter.${row}` as "meter.voltage")}</th>
                    {["l1", "l2", "l3"].map((phase) => {
                      const id = find(of, meter, `${row}_${phase}`);
                      return <td key={phase}>{id ? <Figure id={id} as="bare" /> : <span class="absent" title={t("figure.no_register")} />}</td>;
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      ))}
      <div class="facts">
        <h2>{t("meter.facts")}</h2>
        <p class="note">{t("meter.facts_note")}</p>
        <dl data-nav>
          {facts.map(([key, value]) => (
            <div key={key}>
              <dt>{MEANT.includes(key) ? t(`meter.fact.${key}` as Key) : key}</dt>
              <dd>{vendor(String(value))}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

/** Facts that have a name; a plant file may state others. */
const MEANT = ["class", "ct", "vt", "calibration"];

function DisplayLine({ id }: { id: string }) {
  const reading = read(id);
  return (
    <button
      type="button"
      class="display-line"
      data-figure={id}
      data-quality={faceOf(reading.quality).name}
      data-value={reading.value ?? undefined}
      data-unit={reading.unit}
      onClick={() => openFigure(id)}
    >
      <span class="display-label">{reading.label}</span>
      <span class="display-value">
        <span class="figure-number">{reading.shown}</span> <span class="figure-unit">{reading.shownUnit}</span>
      </span>
      <span class="display-register">
        <Mark quality={reading.quality} quiet /> {reading.register} <Age seconds={reading.ageS} />
      </span>
    </button>
  );
}
