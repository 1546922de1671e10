/** What a level is about stays clear of labels: the display that is read, the cell that is opened, the operating points. */

import type { Point } from "../flight/pose";
import { DISC_RADIUS, discAt } from "./details/operating";
import { CELL } from "./pack";
import { DISPLAY, displayAt } from "./machine";
import { cellCentre, type Placement } from "./placement";
import { LIFT, type Focus } from "./views";

const POSTS = 0.02; // what stands on the cell, m

/** Corners of each part that no label may cover; none where a level has no such part. */
export function clearOf(place: Placement, level: number, focus: Focus): Point[][] {
  const face = ([x, y, z]: Point, wide: number, high: number) => [-1, 1].flatMap((a) => [-1, 1].map((b): Point => [x + (a * wide) / 2, y + (b * high) / 2, z]));
  if (level === 13) return [face(displayAt(place.meter), ...DISPLAY)];
  if (level === 12) return place.pcs.map((pcs) => face(discAt(pcs), 2 * DISC_RADIUS, 2 * DISC_RADIUS));
  const container = place.containers[focus.container];
  if (level !== 4 || !container?.cells.length) return [];
  const [x, y, z] = cellCentre(container, focus.cell);
  const half = [CELL.width / 2, CELL.height / 2, CELL.depth / 2];
  return [[-1, 1].flatMap((a) => [-1, 1].flatMap((b) => [-1, 1].map((c): Point => [x + a * half[0]!, y + LIFT + b * half[1]! + (b > 0 ? POSTS : 0), z + c * half[2]!])))];
}
