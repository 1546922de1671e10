/** Which part the tour looks at on the levels that look at one: those that stand out right now. */

import { extremeOf } from "../levels/extremes";
import { above, splitId } from "../plant/parts";

/** A part, null where the level looks at the whole. */
export function placeOf(level: number): string | null {
  if (level === 4 || level === 6) {
    const id = extremeOf("lowest-cell");
    const cell = id && splitId(id).part;
    return cell && (level === 4 ? cell : above(cell, "module"));
  }
  if (level === 9) {
    const id = extremeOf("hottest-sensor");
    return id && splitId(id).part;
  }
  return null;
}
