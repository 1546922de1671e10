/** Which datum a ray meets first, as it is drawn: a cell, a tile of a module's skin, a sensor's bead. */

import { IcosahedronGeometry, Ray as Line, Vector3 } from "three";
import type { Point } from "../flight/pose";
import type { ContainerCells } from "./cells";
import type { Ray } from "./eye";
import { SHADE } from "./fieldshader";
import type { Pack } from "./pack";
import { entryOf, nearest, type Entry } from "./pick";
import { CELL_SIZE } from "./placement";

export interface Met {
  far: number;
  /** Number over the plant of the cell or the sensor. */
  index: number;
  face: "top" | "side" | "front";
  /** What the data's colour is multiplied with there. */
  shade: number;
}

export function facing(axis: Entry["axis"]): Pick<Met, "face" | "shade"> {
  return ([{ face: "side", shade: SHADE[0] }, { face: "top", shade: 1 }, { face: "front", shade: SHADE[1] }] as const)[axis];
}

export function meetCells(battery: ContainerCells, ray: Ray): Met | null {
  const { shown } = battery;
  if (!shown) return null;
  return shown.how === "skin" ? meetSkin(battery, ray) : meetBoxes(battery, ray, shown);
}

function meetBoxes(battery: ContainerCells, { eye, way }: Ray, { from, below, size, kept }: NonNullable<ContainerCells["shown"]>): Met | null {
  const small: Point = [CELL_SIZE[0] * size, CELL_SIZE[1] * size, CELL_SIZE[2] * size];
  const candidates: [number, Entry][] = [];
  const found = nearest(battery.centres(), small, eye, way);
  if (found >= 0) candidates.push([found + from, entryOf(eye, way, battery.centre(found + from), small)]);
  for (const n of kept) {
    if (n < from || n >= below) continue;
    const centre = battery.centre(n);
    if (nearest(Float32Array.from(centre), CELL_SIZE, eye, way) === 0) candidates.push([n, entryOf(eye, way, centre, CELL_SIZE)]);
  }
  candidates.sort((a, b) => a[1].far - b[1].far);
  const first = candidates[0];
  return first ? { index: battery.first + first[0], far: first[1].far, ...facing(first[1].axis) } : null;
}

function meetSkin({ place, first, each }: ContainerCells, { eye, way }: Ray): Met | null {
  const size = place.modules[0]?.size;
  if (!size) return null;
  const module = nearest(Float32Array.from(place.modules.flatMap(({ centre }) => [...centre])), size, eye, way);
  if (module < 0) return null;
  const { centre } = place.modules[module]!;
  const entry = entryOf(eye, way, centre, size);
  const within = [0, 1, 2].map((k) => (entry.at[k]! - centre[k]!) / size[k]! + 0.5) as unknown as Point;
  const n = tileOf(place.pack, within, entry.axis, Math.sign(-way[entry.axis]));
  return n < each ? { index: first + module * each + n, far: entry.far, ...facing(entry.axis) } : null;
}

/** The cell (from 0) that a module's skin shows at a place of it (0 … 1), as the shader lays its tiles. */
export function tileOf({ rows, length }: Pack, [x, , z]: Point, axis: Entry["axis"], sign: number): number {
  const along = axis === 2 ? (sign > 0 ? 0 : 0.999) : 1 - z;
  const across = axis === 0 ? (sign > 0 ? 0.999 : 0) : x;
  const held = (share: number) => Math.max(0, Math.min(0.999, share));
  const row = Math.floor(held(across) * rows);
  const step = Math.floor(held(along) * length);
  return row * length + (row % 2 === 0 ? step : length - 1 - step);
}

/** Triangles of a bead of radius 1, corner after corner. */
let facets: Vector3[] | null = null;

/** `firstSensor`: number over the plant of the container's first sensor. */
export function meetBeads(battery: ContainerCells, { eye, way }: Ray, firstSensor: number): Met | null {
  const { beaded } = battery;
  if (!beaded) return null;
  if (!facets) {
    const position = new IcosahedronGeometry(1, 0).getAttribute("position");
    facets = Array.from({ length: position.count }, (_, n) => new Vector3().fromBufferAttribute(position, n));
  }
  const hit = new Vector3();
  let best: Met | null = null;
  for (let n = beaded.from; n < beaded.below; n++) {
    const at = new Vector3(...battery.beadAt(n));
    // in the bead's own measure
    const line = new Line(new Vector3(...eye).sub(at).divideScalar(beaded.radius), new Vector3(...way));
    if (line.distanceSqToPoint(hit.set(0, 0, 0)) > 1) continue;
    for (let k = 0; k < facets.length; k += 3) {
      const [a, b, c] = [facets[k]!, facets[k + 1]!, facets[k + 2]!];
      if (!line.intersectTriangle(a, b, c, true, hit)) continue;
      const far = hit.distanceTo(line.origin) * beaded.radius;
      if (best && best.far <= far) continue;
      const normal = b.clone().sub(a).cross(c.clone().sub(a)).normalize();
      best = { index: firstSensor + n, far, ...facing(normal.y > 0.5 ? 1 : Math.abs(normal.x) > 0.5 ? 0 : 2) };
    }
  }
  return best;
}
