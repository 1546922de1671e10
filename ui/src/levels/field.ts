/** The values of all cells or sensors at this moment, in plant order. */

import { pointAge, qualitiesOf } from "../figures/reading";
import { hasValue, Quality } from "../figures/quality";
import { model, snapshot } from "../figures/snapshot";
import type { CellField } from "../plant/model";
import { summarise, type Field } from "../twin2d/statistics";

export interface FieldNow {
  field: CellField;
  values: Float64Array;
  quality: Uint8Array;
  /** Over the good values alone; null before the first reading. */
  summary: Field | null;
}

export function fieldNow(field: CellField | null): FieldNow | null {
  const of = model.value;
  const shown = snapshot.value;
  if (!of || !field) return null;
  const values = new Float64Array(field.parts.length).fill(NaN);
  const quality = new Uint8Array(field.parts.length);
  qualitiesOf(of, field.points, shown, quality);
  for (let i = 0; i < field.parts.length; i++) {
    const point = field.points[i]!;
    const everRead = point >= 0 && pointAge(of, point, shown) !== null;
    if (shown && everRead && shown.states[point] === 0 && hasValue(quality[i]!)) values[i] = shown.values[point]!;
  }
  const summary = summarise(values, (i) => quality[i] === Quality.Good || quality[i] === Quality.Stale);
  return { field, values, quality, summary };
}

/** The figure id of a cell or sensor, null where no register carries it. */
export function idAt(field: CellField, index: number): string | null {
  const point = index >= 0 ? field.points[index] : -1;
  return point !== undefined && point >= 0 ? model.value!.schema.points.id[point]! : null;
}
