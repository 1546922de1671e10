/** Boxes: what every part of the plant is placed as. Metres; centre and full size. */

import type { Point } from "../flight/pose";

export interface Box {
  /** Part path of the plant, null for what is not a part of it: walls, plinths, poles. */
  part: string | null;
  centre: Point;
  size: Point;
}

export function box(part: string | null, centre: Point, size: Point): Box {
  return { part, centre, size };
}

export interface Bounds {
  low: Point;
  high: Point;
}

export function boundsOf(boxes: Box[]): Bounds {
  const low = [Infinity, Infinity, Infinity] as [number, number, number];
  const high = [-Infinity, -Infinity, -Infinity] as [number, number, number];
  for (const { centre, size } of boxes) {
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis]!, centre[axis]! - size[axis]! / 2);
      high[axis] = Math.max(high[axis]!, centre[axis]! + size[axis]! / 2);
    }
  }
  return { low, high };
}
