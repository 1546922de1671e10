/** Level 9: every NTC sensor as its register says, and the coolant beside it. */

import { useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { partShort, partTitle } from "../plant/parts";
import { cividis, diverging, type ColourScale } from "../twin2d/colour";
import { FieldMap } from "../twin2d/fieldmap";
import { Legend } from "../twin2d/legend";
import { percentile, reachOf } from "../twin2d/statistics";
import { open, Readout, selectedIn } from "./cells";
import { Circuit } from "./circuit";
import { fieldNow, type FieldNow } from "./field";

const SMALLEST_SPAN_K = 5;

export function Ntc() {
  return (
    <>
      <SensorMap />
      <Circuit of={model.value!} />
    </>
  );
}

export function SensorMap({ compact = false }: { compact?: boolean }) {
  const of = model.value!;
  const [deviation, setDeviation] = useState(false);
  const [cursor, setCursor] = useState(-1);
  const now = fieldNow(of.sensors);
  if (!now) return <p class="picture hatched">{t("ntc.none")}</p>;
  const { field } = now;
  const selected = selectedIn(field);
  const scale = scaleOf(now, deviation);
  return (
    <section class={`picture${compact ? " sensormap-compact" : ""}`} aria-label={t("ntc.title")}>
      <div class="toolbar">
        <h2>{t("ntc.title")}</h2>
        <div class="segmented" role="group" aria-label={t("cells.scale")}>
          <button type="button" aria-pressed={!deviation} onClick={() => setDeviation(false)}>
            {t("ntc.absolute")}
          </button>
          <button type="button" aria-pressed={deviation} onClick={() => setDeviation(true)}>
            {t("cells.mode.deviation")}
          </button>
        </div>
        {scale && <Legend scale={scale} unit={deviation ? "K" : "°C"} factor={1} decimals={1} title={t(deviation ? "cells.legend.deviation" : "ntc.absolute")} />}
      </div>
      <Readout field={field} index={cursor >= 0 ? cursor : selected} metric="temperature" hint="ntc.hint" />
      <FieldMap
        field={field}
        values={now.values}
        quality={now.quality}
        scale={scale}
        label={t("ntc.keys")}
        cursor={cursor}
        selected={selected}
        smallest={compact ? 8 : 11}
        onCursor={setCursor}
        onOpen={(index) => open(field, index)}
        rackLabel={(rack, narrow) => (narrow ? partShort : partTitle)(field.rackParts[rack]!)}
      />
    </section>
  );
}

function scaleOf({ summary, values }: FieldNow, deviation: boolean): ColourScale | null {
  if (!summary) return null;
  const low = percentile(values, summary, 0.01);
  const high = percentile(values, summary, 0.99);
  if (deviation) {
    const reach = reachOf(Math.max(high - summary.mean, summary.mean - low, SMALLEST_SPAN_K / 2));
    return { from: -reach, to: reach, ramp: diverging, zero: summary.mean };
  }
  const span = Math.max(high - low, SMALLEST_SPAN_K);
  return { from: (low + high - span) / 2, to: (low + high + span) / 2, ramp: cividis, zero: 0 };
}
