/** Figures that travel in no frame: facts of a device's newest sweep, and one cell against the open-circuit model. */

import { signal } from "@preact/signals";
import { language } from "../i18n";
import { findAll, type Model } from "../plant/model";
import { kindOf } from "../plant/parts";
import { api } from "../wire/api";
import type { LevelFigure, OcvCurve } from "../wire/schema";
import { Quality, qualityOf, RANK } from "./quality";
import { paused, tick } from "./snapshot";

/** The curve of the model, null until it was fetched. */
export const curve = signal<OcvCurve | null>(null);
/** Facts of sweeps by figure id, and when they came (`performance.now()`). */
export const sweeps = signal<{ rows: Map<string, LevelFigure>; receivedMs: number } | null>(null);

const SWEEPS_MS = 2000;
const RETRY_MS = 3000;

let asking = false;

export function loadCurve(): void {
  if (curve.peek() || asking) return;
  asking = true;
  api
    .ocv()
    .then((answer) => (curve.value = answer))
    .catch(() => setTimeout(loadCurve, RETRY_MS))
    .finally(() => (asking = false));
}

/** Asks for the facts of sweeps again and again until the function that it returns is called. */
export function followSweeps(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const ask = async () => {
    try {
      const rows = paused.peek() ? null : await api.sweeps(language.peek());
      if (rows && !over) sweeps.value = { rows: new Map(rows.map((row) => [row.id, row])), receivedMs: performance.now() };
    } catch {
      // what was shown stays and grows old; the header says that the link is lost
    }
    if (!over) timer = setTimeout(() => void ask(), SWEEPS_MS);
  };
  void ask();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

/** What is known of a figure of a sweep: value, quality and age. */
export function sweepFact(id: string): { row: LevelFigure; quality: number; ageS: number | null } | null {
  const row = sweeps.value?.rows.get(id);
  if (!row) return null;
  const passed = paused.value ? 0 : Math.max(0, tick.value - sweeps.value!.receivedMs) / 1000;
  const late = passed > (3 * SWEEPS_MS) / 1000;
  const quality = qualityOf(row.quality);
  return { row, quality: late && quality === Quality.Good ? Quality.Stale : quality, ageS: row.age === null ? null : row.age + passed };
}

/** The part of `…/cell026/ocv_residual`, null for any other id. */
export function residualOf(part: string, metric: string): string | null {
  return metric === "ocv_residual" && kindOf(part) === "cell" ? part : null;
}

const ABSENT: readonly number[] = [Quality.Exception, Quality.NotImplemented, Quality.NotMapped];

/** The state of charge that stands nearest to a cell: of its module, rack or container, as far as a device has one. */
export function socAround(of: Model, cell: string, qualityAt: (id: string) => number): string | null {
  const segments = cell.split("/");
  const ids: string[] = [];
  for (let n = segments.length - 1; n > 0; n--) ids.push(...findAll(of, segments.slice(0, n).join("/"), "soc").filter((id) => !of.refs.get(id)!.derived));
  return ids.find((id) => !ABSENT.includes(qualityAt(id))) ?? ids[ids.length - 1] ?? null;
}

/** Open-circuit voltage at a state of charge in %, by straight lines; flat outside, as the twin computes it. */
export function openCircuit(of: OcvCurve, soc: number): number {
  const { mean } = of;
  const n = of.soc.length;
  if (soc <= of.soc[0]!) return mean[0]!;
  if (soc >= of.soc[n - 1]!) return mean[n - 1]!;
  let high = 1;
  while (of.soc[high]! < soc) high++;
  const share = (soc - of.soc[high - 1]!) / (of.soc[high]! - of.soc[high - 1]!);
  return mean[high - 1]! + share * (mean[high]! - mean[high - 1]!);
}

export function worstQuality(qualities: number[]): number {
  return qualities.reduce((worst, quality) => (RANK[quality]! > RANK[worst]! ? quality : worst), Quality.Good);
}
