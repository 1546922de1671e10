/** Level 7: every cell of the plant on one picture, each one a register. */

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { t, type Key } from "../i18n";
import { beside } from "../i18n/beside";
import { findAll, indexIn, sourceOf, type CellField } from "../plant/model";
import { partShort, partTitle, splitId } from "../plant/parts";
import { navigate, openFigure, route } from "../page/route";
import { cividis, diverging, type ColourScale } from "../twin2d/colour";
import { FieldMap } from "../twin2d/fieldmap";
import { Legend } from "../twin2d/legend";
import { percentile, reachOf } from "../twin2d/statistics";
import { fieldNow, idAt, type FieldNow } from "./field";
import { Sweeps } from "./sweeps";
import { sensorPlaces } from "./sensorplaces";

export type Mode = "deviation" | "percentile" | "fixed";
export const MODES: Mode[] = ["deviation", "percentile", "fixed"];
/** The scale that the reader chose, for the map and for the machine in space. */
export const mode = signal<Mode>("deviation");
const say = beside({
  en: { sweep: "Last answer", sweep_hint: "Outlines the cells of the request that was answered last; the order is the one on the wire, slowed down" },
  de: { sweep: "Letzte Antwort", sweep_hint: "Umrandet die Zellen der zuletzt beantworteten Anfrage; die Reihenfolge ist die auf der Leitung, verlangsamt" },
});
/** Operating window of an LFP cell; a scale, not a limit of this plant. */
const FIXED: [number, number] = [2.8, 3.6];
const SMALLEST_SPAN = 0.005;

export function Cells() {
  const of = model.value!;
  const [cursor, setCursor] = useState(-1);
  const [rings, setRings] = useState(false);
  const [sweep, setSweep] = useState(true);
  const now = fieldNow(of.cells);
  if (!now) return <p class="picture hatched">{t("cells.none")}</p>;
  const { field } = now;
  const selected = selectedIn(field);
  const at = cursor >= 0 ? cursor : selected;
  const scale = scaleOf(now, mode.value);
  const places = rings ? sensorPlaces(of) : null;
  return (
    <>
      <section class="picture" aria-label={t("cells.title")}>
        <div class="toolbar">
          <div class="segmented" role="group" aria-label={t("cells.scale")}>
            {MODES.map((each) => (
              <button key={each} type="button" aria-pressed={mode.value === each} onClick={() => (mode.value = each)} data-nav>
                {t(`cells.mode.${each}` as Key)}
              </button>
            ))}
          </div>
          {of.sensors && (
            <button type="button" class="switch" aria-pressed={rings} onClick={() => setRings(!rings)}>
              {t("cells.sensors")}
            </button>
          )}
          <button type="button" class="switch" aria-pressed={sweep} onClick={() => setSweep(!sweep)} title={say("sweep_hint")}>
            {say("sweep")}
          </button>
          {scale && <Legend scale={scale} {...(mode.value === "deviation" ? { unit: "mV", factor: 1e3, decimals: 0 } : { unit: "V", factor: 1, decimals: 3 })} title={t(`cells.legend.${mode.value}` as Key)} />}
        </div>
        {rings && places && <p class="note">{t(places.stated ? "cells.sensors_stated" : "cells.sensors_even")}</p>}
        <Readout field={field} index={at} />
        <FieldMap
          field={field}
          values={now.values}
          quality={now.quality}
          scale={scale}
          label={t("cells.keys")}
          cursor={cursor}
          selected={selected}
          sensors={places?.places ?? null}
          sweep={sweep}
          onCursor={setCursor}
          onOpen={(index) => open(field, index)}
          rackLabel={(rack, narrow) => (narrow ? partShort : partTitle)(field.rackParts[rack]!)}
        />
        <ModuleCells field={field} index={at} />
      </section>
      <Sweeps metric="cell.voltage" />
    </>
  );
}

/** The scale of a mode over the field of this moment; null before the first reading. */
export function scaleOf(now: FieldNow, mode: Mode): ColourScale | null {
  const { summary, values } = now;
  if (mode === "fixed") return { from: FIXED[0], to: FIXED[1], ramp: cividis, zero: 0 };
  if (!summary) return null;
  const low = percentile(values, summary, 0.01);
  const high = percentile(values, summary, 0.99);
  if (mode === "percentile") {
    const span = Math.max(high - low, SMALLEST_SPAN);
    return { from: (low + high - span) / 2, to: (low + high + span) / 2, ramp: cividis, zero: 0 };
  }
  const reach = reachOf(Math.max(high - summary.mean, summary.mean - low, SMALLEST_SPAN));
  return { from: -reach, to: reach, ramp: diverging, zero: summary.mean };
}

/** The cell whose passport is open, or that the address names. */
export function selectedIn(field: CellField): number {
  const { figure, at } = route.value;
  const byFigure = figure ? indexIn(field, splitId(figure).part) : -1;
  return byFigure >= 0 ? byFigure : at ? indexIn(field, at) : -1;
}

export function open(field: CellField, index: number): void {
  const id = idAt(field, index);
  if (id) openFigure(id);
  else navigate({ at: field.parts[index] ?? null });
}

/** What the cursor stands on; every device that reports it. */
export function Readout({ field, index, metric = "voltage", hint = "cells.hint" }: { field: CellField; index: number; metric?: string; hint?: Key }) {
  const of = model.value!;
  const part = index >= 0 ? field.parts[index]! : null;
  const ids = part ? findAll(of, part, metric) : [];
  return (
    <p class="readout" id="cursor-readout">
      {part ? (
        <>
          <span class="readout-part" data-nav>
            {partTitle(part)}
          </span>
          {ids.map((id) => (
            <span key={id} class="readout-value">
              <Figure id={id} as="line" {...(ids.length > 1 ? { label: sourceOf(of, id) } : {})} />
            </span>
          ))}
          {ids.length === 0 && <span class="muted">{t("figure.no_register")}</span>}
        </>
      ) : (
        <span class="muted">{t(hint)}</span>
      )}
    </p>
  );
}

function ModuleCells({ field, index }: { field: CellField; index: number }) {
  const first = index < 0 ? 0 : Math.floor(index / field.each) * field.each;
  const module = field.parts[first]!.split("/").slice(0, -1).join("/");
  const [shown, setShown] = useState(false);
  return (
    <details class="module-cells" onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary data-nav>
        {t("cells.as_list")} {partTitle(module)}
      </summary>
      {shown && (
        <ol class="cell-list">
          {Array.from({ length: field.each }, (_, n) => {
            const id = idAt(field, first + n);
            return (
              <li key={n}>
                <span class="muted" data-nav>
                  {n + 1}
                </span>
                {id ? <Figure id={id} as="bare" /> : <span class="absent" />}
              </li>
            );
          })}
        </ol>
      )}
    </details>
  );
}
