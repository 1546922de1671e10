/** The part whose register says the most or the least right now. */

import { model } from "../figures/snapshot";
import { fieldNow, idAt } from "./field";

export type Extreme = "lowest-cell" | "highest-cell" | "hottest-sensor" | "coldest-sensor";

/** The figure's id, null before the first reading; of equal ones the first in plant order. */
export function extremeOf(which: Extreme): string | null {
  const of = model.value;
  const now = fieldNow(which.endsWith("cell") ? (of?.cells ?? null) : (of?.sensors ?? null));
  if (!now?.summary) return null;
  const { order, high } = now.summary;
  const most = which === "highest-cell" || which === "hottest-sensor";
  const index = most ? order.find((i) => now.values[i] === high) : order[0];
  return index === undefined ? null : idAt(now.field, index);
}
