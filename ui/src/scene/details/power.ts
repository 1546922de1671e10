/** Power on its ways: to the grid, through the AC bus, on the DC cables; and the breaker's three poles. */

import { BoxGeometry, Group, InstancedMesh, Matrix4, MeshLambertMaterial, Quaternion, Vector3 } from "three";
import { add } from "../../flight/pose";
import { coloured, Flow } from "../flow";
import { breakerAt, dcWay, gridWay, RAIL_APART, railWay } from "../machine";
import type { Ask, Detail, Fresh, Making } from "./detail";

const OPEN = 0.6;

export class Power implements Detail {
  readonly group = new Group();
  readonly levels = [1, 2, 11, 12, 13];
  private readonly grid: Flow;
  private readonly ac: Flow[];
  private readonly dc: Flow[];
  private readonly poles: InstancedMesh;
  private before: string | null = null;

  /** `rated`: active power of the plant in W, null where its file does not say. */
  constructor(private readonly making: Making, private readonly rated: number | null) {
    const { clay, place } = making;
    this.grid = new Flow(gridWay(place), 0.15, clay.ink, 0.8);
    this.ac = place.pcs.map((pcs, n) => new Flow(railWay(place, pcs).map((at) => add(at, [0, 0.09, RAIL_APART * (n % 3 === 0 ? 1 : -1)])), 0.1, clay.ink, 0.5));
    this.dc = place.pcs.map((pcs) => new Flow(dcWay(place, pcs).map((at) => add(at, [0, 0.05, 0])), 0.1, clay.ink, 0.5));
    this.poles = coloured(new InstancedMesh(new BoxGeometry(0.34, 0.035, 0.035), new MeshLambertMaterial(), 3), clay.ink);
    this.group.add(...[this.grid, ...this.ac, ...this.dc].map(({ mesh }) => mesh), this.poles);
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    const { pcs } = this.making.place;
    const share = (watts: number | null, of: number | null) => (watts === null || !of ? null : watts / of);
    const each = this.rated === null ? null : this.rated / Math.max(1, pcs.length);
    const moved = [
      this.grid.set(share(ask("meter", "active_power"), this.rated), fresh("meter", "active_power")),
      ...this.ac.map((flow, n) => flow.set(share(ask(pcs[n]!.part!, "active_power"), each), fresh(pcs[n]!.part!, "active_power"))),
      ...this.dc.map((flow, n) => {
        const part = pcs[n]!.part!;
        const metric = ask(part, "dc_power") === null ? "active_power" : "dc_power";
        return flow.set(share(ask(part, metric), each), fresh(part, metric));
      }),
    ].some(Boolean);
    const states = pcs.map(({ part }) => ask(part!, "state_grid_connected"));
    const closed = states.every((state) => state === null) ? null : states.some((state) => state !== null && state > 0);
    const now = String(closed);
    if (now === this.before) return moved;
    this.before = now;
    const [x, y] = breakerAt(this.making.place);
    for (let phase = 0; phase < 3; phase++) {
      const turn = new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), closed ? 0 : OPEN);
      const middle = new Vector3(0.17, 0, 0).applyQuaternion(turn).add(new Vector3(x - 0.17, y + 0.05, (phase - 1) * RAIL_APART));
      this.poles.setMatrixAt(phase, new Matrix4().compose(middle, turn, closed === null ? new Vector3(0, 0, 0) : new Vector3(1, 1, 1)));
    }
    this.poles.instanceMatrix.needsUpdate = true;
    return true;
  }

  move(seconds: number): boolean {
    return [this.grid, ...this.ac, ...this.dc].map((flow) => flow.step(seconds)).some(Boolean);
  }
}
