/** The legends of what a level colours, the choice of their scale, and the patterns of what is not good. */

import { FACES, Quality } from "../figures/quality";
import { t, type Key } from "../i18n";
import { mode, MODES } from "../levels/cells";
import type { FieldNow } from "../levels/field";
import { Legend } from "../twin2d/legend";
import { markOf } from "./datatexture";
import { IGBT_SCALE } from "./details/converter";
import { lookOf } from "./looks";
import { cellScale, cellsNow, sensorsNow, warmthScale } from "./scales";
import "./legends.css";

const DEVIATION = { volts: { unit: "mV", factor: 1e3, decimals: 0 }, kelvin: { unit: "K", factor: 1, decimals: 1 } };
const ABSOLUTE = { volts: { unit: "V", factor: 1, decimals: 3 }, kelvin: { unit: "°C", factor: 1, decimals: 1 } };

export function Legends({ level }: { level: number }) {
  const look = lookOf(level);
  const cells = look.walls > 0 && look.battery !== "ghost" && !look.plain;
  const beads = look.beads > 0;
  const form = mode.value === "deviation" ? DEVIATION : ABSOLUTE;
  const scale = cells ? cellScale.value : null;
  const warmth = beads ? warmthScale.value : null;
  return (
    <div class="scene-legend">
      {(scale ?? warmth) && <Modes />}
      {scale && <Legend scale={scale} {...form.volts} title={t(`cells.legend.${mode.value}` as Key)} />}
      {warmth && <Legend scale={warmth} {...form.kelvin} title={mode.value === "deviation" ? t("cells.legend.deviation") : t("ntc.absolute")} />}
      {level === 10 && <Legend scale={IGBT_SCALE} unit="°C" factor={1} decimals={0} title={t("ntc.absolute")} />}
      {(cells || beads) && <Patterns now={cells ? cellsNow.value : sensorsNow.value} />}
    </div>
  );
}

function Modes() {
  return (
    <div class="segmented scene-modes" role="group" aria-label={t("cells.scale")}>
      {MODES.map((each) => (
        <button key={each} type="button" aria-pressed={mode.value === each} onClick={() => (mode.value = each)} data-nav>
          {t(`cells.mode.${each}` as Key)}
        </button>
      ))}
    </div>
  );
}

/** What the patterns on the machine mean, where any is there now. */
function Patterns({ now }: { now: FieldNow | null }) {
  if (!now) return null;
  const counts = new Map<number, number>();
  for (const quality of now.quality) if (quality !== Quality.Good) counts.set(quality, (counts.get(quality) ?? 0) + 1);
  if (counts.size === 0) return null;
  return (
    <ul class="scene-patterns">
      {[...counts].map(([quality, count]) => (
        <li key={quality} data-quality={FACES[quality]!.name}>
          <span class={`pattern pattern-${markOf(quality, now.quality.some((each, n) => each === quality && !Number.isNaN(now.values[n])))}`} aria-hidden="true" />
          {FACES[quality]!.mark} {t(FACES[quality]!.key)} · <span data-nav>{count}</span>
        </li>
      ))}
    </ul>
  );
}
