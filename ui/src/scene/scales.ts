/** The colour scales of this moment, one for cells and one for sensors, in the mode that the reader chose. */

import { computed } from "@preact/signals";
import { model } from "../figures/snapshot";
import { mode, scaleOf } from "../levels/cells";
import { fieldNow, type FieldNow } from "../levels/field";
import { cividis, diverging, type ColourScale } from "../twin2d/colour";
import { percentile, reachOf } from "../twin2d/statistics";

const SMALLEST_REACH_K = 2.5;
const SMALLEST_SPAN_K = 2;
/** What LFP cells may see while they work; a scale, not a limit of this plant. */
const FIXED_C: readonly [number, number] = [0, 60];

export const cellsNow = computed<FieldNow | null>(() => fieldNow(model.value?.cells ?? null));
export const sensorsNow = computed<FieldNow | null>(() => fieldNow(model.value?.sensors ?? null));
export const cellScale = computed<ColourScale | null>(() => cellsNow.value && scaleOf(cellsNow.value, mode.value));
export const warmthScale = computed<ColourScale | null>(() => (sensorsNow.value ? warmthOf(sensorsNow.value) : null));

function warmthOf({ summary, values }: FieldNow): ColourScale | null {
  if (mode.value === "fixed") return { from: FIXED_C[0], to: FIXED_C[1], ramp: cividis, zero: 0 };
  if (!summary) return null;
  const [low, high] = [percentile(values, summary, 0.01), percentile(values, summary, 0.99)];
  if (mode.value === "percentile") {
    const span = Math.max(high - low, SMALLEST_SPAN_K);
    return { from: (low + high - span) / 2, to: (low + high + span) / 2, ramp: cividis, zero: 0 };
  }
  const reach = reachOf(Math.max(high - summary.mean, summary.mean - low, SMALLEST_REACH_K));
  return { from: -reach, to: reach, ramp: diverging, zero: summary.mean };
}
