/**
 * Level 12: the operating point of each converter on its capability disc, an instrument on the cabinet's doors. Active
 * power to the right (out of the battery), reactive power upwards; the rim is the converter's share of the plant's
 * rated power, the short bar the set-point. Without a rated power there is no rim, and no disc.
 */

import { BoxGeometry, Color, Group, InstancedMesh, Matrix4, MeshLambertMaterial, Quaternion, Vector3 } from "three";
import { add, type Point } from "../../flight/pose";
import type { Box } from "../box";
import { coloured } from "../flow";
import { Solid } from "../solid";
import { drawn, type Ask, type Detail, type Fresh, type Making } from "./detail";

/** m */
export const DISC_RADIUS = 0.5;
const RADIUS = 0.46; // of the plane on it, m
export const BEYOND = 1.08; // share of the radius where a point stops that lies outside
const THICK = 0.03;
const AXIS = new Vector3(0, 0, 1);
/** Instances of a converter: needle, point, set-point. */
const EACH = 3;

/** Centre of the disc on a converter's doors. */
export function discAt({ centre, size }: Box): Point {
  return add(centre, [size[0] * 0.12, size[1] * 0.12, size[2] / 2 + 0.07]);
}

/** Where a point of the P-Q plane lies on the disc, as shares of its radius; what lies outside stops just beyond the rim. */
export function pointOn(p: number, q: number, reach: number): [number, number] {
  const [x, y] = [p / reach, q / reach];
  const far = Math.hypot(x, y);
  return far > BEYOND ? [(x * BEYOND) / far, (y * BEYOND) / far] : [x, y];
}

export class Operating implements Detail {
  readonly group = new Group();
  readonly levels = [12];
  private readonly marks: InstancedMesh;
  private readonly reach: number | null;
  private before = "";

  /** `rated`: active power of the plant in W, null where its file does not say. */
  constructor(private readonly making: Making, rated: number | null) {
    const { clay, stuff, place } = making;
    this.reach = rated === null ? null : rated / Math.max(1, place.pcs.length);
    const solid = new Solid();
    for (const pcs of this.reach === null ? [] : place.pcs) {
      const [x, y, z] = discAt(pcs);
      solid.cylinder([x, y, z - 0.035], DISC_RADIUS, 0.04, 2, clay.edge, 40);
      solid.cylinder([x, y, z - 0.02], RADIUS, 0.04, 2, clay.dark, 40);
      solid.box([x, y, z + 0.002], [2 * RADIUS, 0.008, 0.006], clay.light);
      solid.box([x, y, z + 0.002], [0.008, 2 * RADIUS, 0.006], clay.light);
      for (const at of [-1, -0.5, 0.5, 1]) {
        solid.box([x + at * (RADIUS - 0.01), y, z + 0.002], [0.01, 0.06, 0.006], clay.light);
        solid.box([x, y + at * (RADIUS - 0.01), z + 0.002], [0.06, 0.01, 0.006], clay.light);
      }
    }
    this.marks = coloured(new InstancedMesh(new BoxGeometry(1, 1, 1), new MeshLambertMaterial(), Math.max(1, EACH * place.pcs.length)), clay.ink);
    this.group.add(...drawn(solid, stuff), this.marks);
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    const rows = this.making.place.pcs.map(({ part }) => [ask(part!, "active_power"), ask(part!, "reactive_power"), ask(part!, "active_power_setpoint"), fresh(part!, "active_power")] as const);
    const now = JSON.stringify(rows.map(([p, q, set, known]) => [p?.toPrecision(3), q?.toPrecision(2), set, known]));
    if (now === this.before) return false;
    this.before = now;
    const { reach } = this;
    const { clay, place } = this.making;
    const nothing = new Matrix4().makeScale(0, 0, 0);
    rows.forEach(([p, q, set, known], n) => {
      const put = (k: number, matrix: Matrix4 | null) => this.marks.setMatrixAt(EACH * n + k, matrix ?? nothing);
      const pair = reach !== null && p !== null && q !== null ? this.needle(place.pcs[n]!, pointOn(p, q, reach), known) : null;
      put(0, pair?.[0] ?? null);
      put(1, pair?.[1] ?? null);
      put(2, reach !== null && set !== null ? this.bar(place.pcs[n]!, pointOn(set, 0, reach)[0]) : null);
      const tint = new Color(known ? clay.ink : clay.body); // an old point is grey and thin
      for (let k = 0; k < EACH; k++) this.marks.setColorAt(EACH * n + k, tint);
    });
    this.marks.instanceMatrix.needsUpdate = true;
    this.marks.instanceColor!.needsUpdate = true;
    return true;
  }

  private needle(pcs: Box, [x, y]: [number, number], known: boolean): [Matrix4, Matrix4] {
    const centre = new Vector3(...discAt(pcs));
    const end = new Vector3(x * RADIUS, y * RADIUS, 0);
    const turn = new Quaternion().setFromAxisAngle(AXIS, Math.atan2(y, x));
    const wide = known ? 0.022 : 0.008;
    const rhombus = new Quaternion().setFromAxisAngle(AXIS, Math.PI / 4);
    const size = known ? 0.08 : 0.05;
    return [
      new Matrix4().compose(end.clone().multiplyScalar(0.5).add(centre).setZ(centre.z + 0.02), turn, new Vector3(Math.max(1e-3, end.length()), wide, 0.014)),
      new Matrix4().compose(end.add(centre).setZ(centre.z + 0.03), rhombus, new Vector3(size, size, THICK)),
    ];
  }

  private bar(pcs: Box, x: number): Matrix4 {
    const [cx, cy, cz] = discAt(pcs);
    return new Matrix4().makeScale(0.014, 0.2, 0.012).setPosition(cx + x * RADIUS, cy, cz + 0.012);
  }
}
