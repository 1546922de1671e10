/** Level 10: the temperatures of the power electronics, and the fault words of each converter. */

import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, findAll, labelOf, partsOf, type Model } from "../plant/model";
import { partTitle } from "../plant/parts";
import { BarList, type Row } from "../twin2d/bars";
import { Lamps } from "./lamps";

const SPOTS = Array.from({ length: 8 }, (_, n) => `igbt_temperature_${n + 1}`);
const OTHERS = ["igbt_temperature", "heat_sink_temperature", "heat_sink_temperature_dc", "controller_temperature", "cabinet_temperature", "transformer_temperature"];
const WORDS = ["fault_word_1", "fault_word_2", "fault_word_3", "fault_word_4", "fault_word_5"];
const COLD = 0;
const HOT = 125;

export function Igbt() {
  const of = model.value!;
  const converters = partsOf(of, "pcs");
  if (!converters.length) return <p class="picture hatched">{t("figure.no_register")}</p>;
  return (
    <>
      <section class="picture two-up" aria-label={t("igbt.title")}>
        {converters.map((pcs) => (
          <div key={pcs}>
            <h2 data-nav>
              {t("igbt.title")} · {partTitle(pcs)}
            </h2>
            <BarList rows={rowsOf(of, pcs)} from={COLD} to={HOT} unit="°C" as="bar" coloured />
          </div>
        ))}
      </section>
      <section class="picture" aria-label={t("igbt.words")}>
        {converters.map((pcs) => {
          const words = WORDS.flatMap((metric) => findAll(of, pcs, metric));
          return (
            <div key={pcs}>
              <h2 data-nav>
                {t("igbt.words")} · {partTitle(pcs)}
              </h2>
              {words.length ? words.map((id) => <Lamps key={id} id={id} />) : <p class="hatched note">{t("figure.no_register")}</p>}
            </div>
          );
        })}
      </section>
    </>
  );
}

// spots that this converter has no register for stay in the picture while any other spot has one
function rowsOf(of: Model, pcs: string): Row[] {
  const row = (metric: string): Row => {
    const id = find(of, pcs, metric);
    return { id, label: id ? shortLabel(labelOf(of, id)) : metric.replaceAll("_", " ") };
  };
  const spots = SPOTS.some((metric) => find(of, pcs, metric)) ? SPOTS.map(row) : [];
  return [...OTHERS.map(row).filter((found) => found.id !== null), ...spots].filter((found) => found.id === null || read(found.id).quality >= 0);
}

function shortLabel(label: string): string {
  return label.replace(/ (temperature|temperatur)$/i, "");
}
