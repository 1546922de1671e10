/** Where a cell stands on the open-circuit curve: two registers make the point, the curve is a model and says so. */

import { useEffect } from "preact/hooks";
import { curve, loadCurve } from "../figures/asked";
import { Figure } from "../figures/figure";
import { read, residualInputs } from "../figures/reading";
import { model } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t } from "../i18n";
import { find } from "../plant/model";
import { above, partTitle, splitId } from "../plant/parts";
import type { OcvCurve } from "../wire/schema";
import { OcvPlot } from "./ocvplot";

/** Half widths of the near view: SoC in %, volts around the point and the curve. */
const NEAR_SOC = 8;
const NEAR_V = 0.012;

export function Ocv({ cell, ids }: { cell: string; ids: string[] }) {
  const of = model.value!;
  useEffect(loadCurve, []);
  const [soc, voltage] = residualInputs(of, cell);
  const shown = curve.value;
  const share = soc ? read(soc).value : null;
  const volts = voltage ? read(voltage).value : null;
  const point = share !== null && volts !== null ? { soc: share, volts } : null;
  const others = ids.filter((id) => id !== voltage).map((id) => read(id).value).filter((value): value is number => value !== null);
  const rack = above(cell, "rack");
  const current = rack ? find(of, rack, "current") : null;
  return (
    <section class="picture" aria-label={t("ocv.title")}>
      <h2 data-nav>
        {t("ocv.title")} · {partTitle(cell)}
      </h2>
      {shown ? (
        <>
          <div class="two-up">
            <OcvPlot curve={shown} soc={[0, 100]} volts={[2.4, 3.7]} point={point} others={[]} label={t("ocv.whole")} />
            {point ? <OcvPlot curve={shown} {...near(shown, point)} point={point} others={others} label={t("ocv.near")} /> : <p class="muted">{t("ocv.no_point")}</p>}
          </div>
          <CurveKey curve={shown} />
        </>
      ) : (
        <p class="muted">{t("page.loading")}</p>
      )}
      <div class="tiles">
        {soc && <Figure id={soc} label={`${t("ocv.x")}: ${read(soc).label}, ${partTitle(splitId(soc).part)}`} />}
        {voltage && <Figure id={voltage} label={`${t("ocv.y")}: ${read(voltage).label}`} />}
        {soc && voltage && <Figure id={`${cell}/ocv_residual`} />}
        {current && <Figure id={current} />}
      </div>
      <p class="note">{t("macro.note")}</p>
    </section>
  );
}

/** A window around the point in which both branches of the curve are seen. */
export function near(of: OcvCurve, point: { soc: number; volts: number }): { soc: [number, number]; volts: [number, number] } {
  const from = Math.max(0, Math.min(100 - 2 * NEAR_SOC, point.soc - NEAR_SOC));
  const to = from + 2 * NEAR_SOC;
  const inside = of.soc.map((_, i) => i).filter((i) => of.soc[i]! >= from && of.soc[i]! <= to);
  const low = Math.min(point.volts, ...inside.map((i) => of.discharge[i]!).filter((value) => value > point.volts - 0.15));
  const high = Math.max(point.volts, ...inside.map((i) => of.charge[i]!).filter((value) => value < point.volts + 0.15));
  return { soc: [from, to], volts: [low - NEAR_V, high + NEAR_V] };
}

function CurveKey({ curve: of }: { curve: OcvCurve }) {
  const swatch = (kind: string) => (
    <svg width="26" height="10" aria-hidden="true">
      {kind === "point" ? <circle cx="13" cy="5" r="4.5" class="ocv-point" /> : <line x1="1" x2="25" y1="5" y2="5" class={kind} />}
    </svg>
  );
  return (
    <div class="ocv-key">
      <span>
        {swatch("point")} {t("ocv.point")}
      </span>
      <span>
        {swatch("ocv-mean")} {t("ocv.mean")}
      </span>
      <span>
        {swatch("ocv-branch ocv-charge")} {t("ocv.charge")}
      </span>
      <span>
        {swatch("ocv-branch ocv-discharge")} {t("ocv.discharge")}
      </span>
      <span data-nav>
        <span class="tag tag-model">{t("figure.model")}</span> {t("ocv.source", { label: of.label, temperature: writeNumber(of.temperature_c, 0, language.value), source: of.source, licence: of.licence })}
      </span>
    </div>
  );
}
