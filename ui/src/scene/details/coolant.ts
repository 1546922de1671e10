/**
 * Level 5: supply below, return above, each in the colour of its temperature on the legend of the sensors, a riser at
 * every column; arrows run while the flow register says so.
 */

import { Color, CylinderGeometry, Group, InstancedMesh, Matrix4, MeshBasicMaterial, NoBlending } from "three";
import type { Point } from "../../flight/pose";
import { shareOf, type ColourScale } from "../../twin2d/colour";
import { Fan } from "../fan";
import { DATA_ORDER } from "../fieldcolours";
import { coloured, Flow } from "../flow";
import { chillerFans } from "../machine";
import type { ContainerPlace } from "../placement";
import { Solid } from "../solid";
import { drawn, type Ask, type Detail, type Fresh, type Making } from "./detail";

const WARMTH = ["coolant_supply_temperature", "coolant_return_temperature"];
const PIPE = 0.055; // m
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
  /** The fans of each container's cooling unit: seen on every level, turning on this one. */
  readonly standing: Group[] = [];
  private readonly flows: Flow[][] = [];
  private readonly fans: Fan[][] = [];
  /** Supply and return of each container, in the colours of their temperatures; clay where no register says them. */
  private readonly mains: InstancedMesh;
  private warm: (number | null)[] = [];
  private before = "";

  constructor(private readonly making: Making) {
    const { clay, stuff, place } = making;
    const solid = new Solid();
    for (const container of place.containers) {
      const { supply, back, z, right } = pipes(container);
      solid.cylinder([right, (LOW + HIGH) / 2 - 0.6, z - 0.02], 0.05, HIGH - LOW - 1.2, 1, clay.dark, 12);
      for (const x of new Set(container.racks.map(({ centre, size }) => (centre[0] + size[0] / 2 - 0.03).toFixed(3)))) {
        solid.cylinder([Number(x), (LOW + HIGH) / 2, z], 0.018, HIGH - LOW, 1, clay.body, 10);
      }
      const flows = [new Flow(supply, 0.12, clay.ink, 0.5), new Flow(back, 0.12, clay.ink, 0.5)];
      this.flows.push(flows);
      this.group.add(...flows.map(({ mesh }) => mesh));
      const fans = chillerFans(container.cooling).map((at) => new Fan(at, 0.33, 0, clay.body, stuff.clay));
      this.fans.push(fans);
      this.standing.push(new Group().add(...fans.map(({ mesh }) => mesh)) as Group);
    }
    this.group.add(...drawn(solid, stuff));
    const lying = new CylinderGeometry(PIPE, PIPE, 1, 16).rotateZ(Math.PI / 2);
    this.mains = coloured(new InstancedMesh(lying, new MeshBasicMaterial({ transparent: true, blending: NoBlending }), Math.max(1, 2 * place.containers.length)), clay.dark);
    place.containers.forEach((container, n) => {
      const { z, left, right } = pipes(container);
      [LOW, HIGH].forEach((y, k) => this.mains.setMatrixAt(2 * n + k, new Matrix4().makeScale(right - left, 1, 1).setPosition((left + right) / 2, y, z)));
    });
    this.mains.renderOrder = DATA_ORDER;
    this.group.add(this.mains);
    for (const flow of this.flows.flat()) flow.mesh.position.z += 0.07;
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    const said: Ask = (part, metric) => (fresh(part, metric) ? ask(part, metric) : null);
    const changed = this.making.place.containers.map(({ id, cooling, racks }, n) => {
      const flow = ask(cooling.part!, "coolant_flow");
      const share = flow === null ? null : flow / (FULL_PER_RACK * Math.max(1, racks.length));
      const moved = this.flows[n]!.map((each) => each.set(share, fresh(cooling.part!, "coolant_flow")));
      const turned = this.fans[n]!.map((fan, k) => fan.set(said(cooling.part!, `heat_exchanger_fan_speed_${k + 1}`) ?? said(id, `exhaust_fan_speed_${k + 1}`)));
      return [...moved, ...turned].some(Boolean);
    });
    this.warm = this.making.place.containers.flatMap(({ id, cooling }) => WARMTH.map((metric) => ask(cooling.part!, metric) ?? ask(id, metric)));
    return changed.some(Boolean);
  }

  tint(warmth: ColourScale | null): boolean {
    const tint = new Color();
    const colours = this.warm.map((value) => (warmth && value !== null ? warmth.ramp.css(shareOf(warmth, value)) : null));
    const now = JSON.stringify(colours);
    if (now === this.before) return false;
    this.before = now;
    colours.forEach((colour, n) => this.mains.setColorAt(n, colour ? tint.setStyle(colour.replaceAll(" ", ",")) : tint.set(this.making.clay.dark)));
    this.mains.instanceColor!.needsUpdate = true;
    return true;
  }

  move(seconds: number): boolean {
    return [...this.flows.flat(), ...this.fans.flat()].map((part) => part.step(seconds)).some(Boolean);
  }
}
