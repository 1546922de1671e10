/** Levels 5 and 9: supply below, return above, a riser at every column; arrows run while the flow register says so. */

import { Group } from "three";
import type { Point } from "../../flight/pose";
import { Fan } from "../fan";
import { Flow } from "../flow";
import { chillerFans } from "../machine";
import type { ContainerPlace } from "../placement";
import { Solid } from "../solid";
import { drawn, type Ask, type Detail, type Making } from "./detail";

const LOW = 0.27;
const HIGH = 2.66;
/** A flow that counts as full, m³/s: 20 l/min for each rack. Only the class of speed hangs on it. */
const FULL_PER_RACK = 20 / 60e3;

/** Where the supply and the return pipe leave the cooling unit. */
export function pipes({ shell, cooling }: ContainerPlace): { supply: Point[]; back: Point[]; z: number; left: number; right: number } {
  const z = shell.centre[2] + shell.size[2] / 2 - 0.16;
  const left = shell.centre[0] - shell.size[0] / 2 + 0.2;
  const right = cooling.centre[0] - cooling.size[0] / 2 - 0.06;
  return { supply: [[right, LOW, z], [left, LOW, z]], back: [[left, HIGH, z], [right, HIGH, z]], z, left, right };
}

export class Coolant implements Detail {
  readonly group = new Group();
  readonly levels = [5];
  private readonly flows: Flow[][] = [];
  private readonly fans: Fan[][] = [];

  constructor(private readonly making: Making) {
    const { clay, stuff, place } = making;
    const solid = new Solid();
    for (const container of place.containers) {
      const { supply, back, z, left, right } = pipes(container);
      for (const y of [LOW, HIGH]) solid.cylinder([(left + right) / 2, y, z], 0.05, right - left, 0, y === LOW ? clay.dark : clay.light, 16);
      solid.cylinder([right, (LOW + HIGH) / 2 - 0.6, z - 0.02], 0.05, HIGH - LOW - 1.2, 1, clay.dark, 12);
      for (const x of new Set(container.racks.map(({ centre, size }) => (centre[0] + size[0] / 2 - 0.03).toFixed(3)))) {
        solid.cylinder([Number(x), (LOW + HIGH) / 2, z], 0.018, HIGH - LOW, 1, clay.body, 10);
      }
      const flows = [new Flow(supply, 0.12, clay.ink, 0.5), new Flow(back, 0.12, clay.ink, 0.5)];
      this.flows.push(flows);
      this.group.add(...flows.map(({ mesh }) => mesh));
      const fans = chillerFans(container.cooling).map((at) => new Fan(at, 0.33, 0, clay.body, stuff.clay));
      this.fans.push(fans);
      this.group.add(...fans.map(({ mesh }) => mesh));
    }
    this.group.add(...drawn(solid, stuff));
    for (const flow of this.flows.flat()) flow.mesh.position.z += 0.07;
  }

  feed(ask: Ask): boolean {
    const changed = this.making.place.containers.map(({ id, cooling, racks }, n) => {
      const flow = ask(cooling.part!, "coolant_flow");
      const share = flow === null ? null : flow / (FULL_PER_RACK * Math.max(1, racks.length));
      const moved = this.flows[n]!.map((each) => each.set(share));
      const turned = this.fans[n]!.map((fan, k) => fan.set(ask(cooling.part!, `heat_exchanger_fan_speed_${k + 1}`) ?? ask(id, `exhaust_fan_speed_${k + 1}`)));
      return [...moved, ...turned].some(Boolean);
    });
    return changed.some(Boolean);
  }

  move(seconds: number): boolean {
    return [...this.flows.flat(), ...this.fans.flat()].map((part) => part.step(seconds)).some(Boolean);
  }
}
