/**
 * Levels 10 and 11: inside every converter. Above three heat sinks with the semiconductor modules that have a
 * temperature register, below the DC link's capacitors, filled as the DC voltage stands to that of the cells in series,
 * and a contactor for each rack on its bus.
 */

import { BoxGeometry, Color, CylinderGeometry, Group, InstancedMesh, Matrix4, MeshBasicMaterial, MeshLambertMaterial, NoBlending, Quaternion, Vector3 } from "three";
import type { Point } from "../../flight/pose";
import { cividis } from "../../twin2d/colour";
import type { Box } from "../box";
import { drawnLast } from "../cells";
import type { Ray } from "../eye";
import { coloured } from "../flow";
import { facing } from "../meet";
import { entryOf, nearest } from "../pick";
import { Solid } from "../solid";
import type { Datum } from "../datum";
import { drawn, type Ask, type Detail, type Fresh, type Making } from "./detail";

const STACKS = 3;
const MOST = 8; // temperature registers of a converter
const CAPS = 12;
/** Fixed legend of the modules' colours, °C. */
export const IGBT_SCALE = { from: 0, to: 100, zero: 0, ramp: cividis };
const MODULE: Point = [0.24, 0.17, 0.05];
/** Nominal voltage of an LFP cell; with the cells in series it fills the capacitors to FULL of their height. */
const NOMINAL = 3.2;
const FULL = 0.8;
const FILL = 0xb9bec4; // under the sun's light the round of a can is still seen
const OPEN = 0.7;
/** Share of a module's size that is left of it where its temperature is an old one. */
const LATE: Point = [1, 0.3, 1];

/** Where module `n` of a converter sits. */
export function igbtAt({ centre: [x, y, z], size: [long, , deep] }: Box, n: number): Point {
  const stack = n % STACKS;
  return [x + ((stack - (STACKS - 1) / 2) * long) / 3.2, y + 0.86 - Math.floor(n / STACKS) * 0.27, z + deep / 2 - 0.3];
}

export function capAt({ centre: [x, y, z], size: [long, , deep] }: Box, n: number): Point {
  return [x + ((n % 6) - 2.5) * (long / 6.6), y - 0.52, z + deep / 2 - 0.3 - Math.floor(n / 6) * 0.26];
}

const CAP = { radius: 0.085, height: 0.42 };

export class Converter implements Detail {
  readonly group = new Group();
  readonly levels = [10, 11];
  private readonly modules: InstancedMesh;
  private readonly fills: InstancedMesh;
  private readonly blades: InstancedMesh;
  private readonly perBus: string[][];
  private before = "";
  /** Which converters' temperatures speak of now. */
  private now: boolean[] = [];
  /** Which of the temperature registers have a value now. */
  private warm: boolean[] = [];

  constructor(private readonly making: Making, busRacks: string[][], private readonly series: number) {
    const { clay, stuff, place, mapped } = making;
    this.perBus = place.pcs.map((_, n) => busRacks[n] ?? []);
    const solid = new Solid();
    const none = new Solid();
    for (const pcs of place.pcs) {
      const [x, y, z] = pcs.centre;
      const [long, , deep] = pcs.size;
      for (let stack = 0; stack < STACKS; stack++) {
        const [sx, , sz] = igbtAt(pcs, stack);
        solid.box([sx, y + 0.6, sz - 0.07], [0.36, 0.9, 0.05], clay.light);
        for (let fin = 0; fin < 12; fin++) solid.box([sx - 0.165 + fin * 0.03, y + 0.6, sz - 0.2], [0.01, 0.9, 0.2], clay.body);
        solid.box([sx, y + 0.09, sz + 0.02], [0.05, 0.16, 0.02], clay.dark);
      }
      for (let n = 0; n < MOST; n++) {
        const at = igbtAt(pcs, n);
        if (!mapped(pcs.part!, `igbt_temperature_${n + 1}`)) none.box(at, MODULE, clay.body);
      }
      // laminated bus over the capacitors, and the case of each of them up to where its fill begins
      solid.box([x, y - 0.01, z + deep / 2 - 0.43], [long - 0.2, 0.018, 0.5], clay.light);
      solid.box([x, y - 0.045, z + deep / 2 - 0.43], [long - 0.2, 0.018, 0.5], clay.dark);
      for (let n = 0; n < CAPS; n++) {
        const [cx, cy, cz] = capAt(pcs, n);
        solid.cylinder([cx, cy - CAP.height / 2 - 0.012, cz], CAP.radius + 0.012, 0.024, 1, clay.dark, 20);
        solid.cylinder([cx, cy + CAP.height / 2 + 0.012, cz], CAP.radius + 0.012, 0.024, 1, clay.light, 20);
        for (const s of [-1, 1]) solid.cylinder([cx + s * CAP.radius, cy, cz - 0.03], 0.007, CAP.height, 1, clay.dark, 6);
        solid.cylinder([cx, cy + CAP.height / 2 + 0.12, cz], 0.018, 0.2, 1, clay.dark, 8);
      }
      this.rackPlaces(pcs).forEach(([bx, by, bz]) => {
        for (const end of [0, 1]) solid.box([bx, by + end * 0.12, bz], [0.05, 0.03, 0.05], clay.dark);
      });
    }
    this.group.add(...drawn(solid, stuff), ...drawn(none, stuff, stuff.hatch));
    const count = Math.max(1, place.pcs.length);
    this.modules = drawnLast(coloured(new InstancedMesh(new BoxGeometry(...MODULE), new MeshBasicMaterial({ transparent: true, blending: NoBlending }), MOST * count), clay.hatch));
    this.fills = coloured(new InstancedMesh(new CylinderGeometry(CAP.radius, CAP.radius, 1, 20), new MeshLambertMaterial(), CAPS * count), FILL);
    const blades = Math.max(1, this.perBus.reduce((sum, racks) => sum + racks.length, 0));
    this.blades = coloured(new InstancedMesh(new BoxGeometry(0.026, 0.14, 0.02), new MeshLambertMaterial(), blades), clay.ink);
    this.group.add(this.modules, this.fills, this.blades);
  }

  private rackPlaces(pcs: Box): Point[] {
    const racks = this.perBus[this.making.place.pcs.indexOf(pcs)] ?? [];
    const [x, y, z] = pcs.centre;
    return racks.map((_, n): Point => [x + (n - (racks.length - 1) / 2) * 0.17, y - 0.98, z + pcs.size[2] / 2 - 0.12]);
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    const { pcs } = this.making.place;
    const temperatures = pcs.map(({ part }) => Array.from({ length: MOST }, (_, n) => ask(part!, `igbt_temperature_${n + 1}`)));
    this.now = pcs.map(({ part }) => fresh(part!, "igbt_temperature_1"));
    const volts = pcs.map(({ part }) => ask(part!, "dc_voltage"));
    const relays = this.perBus.map((racks) => racks.map((rack) => ask(rack, "relay_positive")));
    const now = JSON.stringify([temperatures, this.now, volts.map((value) => value?.toFixed(0)), relays]);
    if (now === this.before) return false;
    this.before = now;
    this.warm = temperatures.flat().map((value) => value !== null);
    const matrix = new Matrix4();
    const nowhere = new Matrix4().makeScale(0, 0, 0);
    const one = new Vector3(1, 1, 1);
    const tint = new Color();
    let blade = 0;
    pcs.forEach((box, p) => {
      temperatures[p]!.forEach((value, n) => {
        const at = igbtAt(box, n);
        this.modules.setMatrixAt(MOST * p + n, value === null ? nowhere : matrix.makeScale(...this.sizeOf(p)).setPosition(...at));
        if (value !== null) this.modules.setColorAt(MOST * p + n, tint.setStyle(cividis.css((value - IGBT_SCALE.from) / (IGBT_SCALE.to - IGBT_SCALE.from)).replaceAll(" ", ",")));
      });
      const share = volts[p] === null ? 0 : Math.max(0, Math.min(1, (FULL * volts[p]!) / (NOMINAL * this.series)));
      for (let n = 0; n < CAPS; n++) {
        const [x, y, z] = capAt(box, n);
        const high = CAP.height * share;
        this.fills.setMatrixAt(CAPS * p + n, share > 0 ? matrix.makeScale(1, high, 1).setPosition(x, y - CAP.height / 2 + high / 2, z) : nowhere);
      }
      this.rackPlaces(box).forEach(([x, y, z], n) => {
        const closed = relays[p]![n];
        const turn = new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), closed ? 0 : -OPEN);
        const middle = new Vector3(0, 0.06, 0).applyQuaternion(turn).add(new Vector3(x, y, z + 0.03));
        this.blades.setMatrixAt(blade++, closed === null || closed === undefined ? nowhere : matrix.compose(middle, turn, one));
      });
    });
    for (const mesh of [this.modules, this.fills, this.blades]) mesh.instanceMatrix.needsUpdate = true;
    if (this.modules.instanceColor) this.modules.instanceColor.needsUpdate = true;
    return true;
  }

  /** What is coloured by an old value is drawn as a strip of itself. */
  private sizeOf(p: number): Point {
    return this.now[p] ? [1, 1, 1] : LATE;
  }

  meet({ eye, way }: Ray): Datum | null {
    const { pcs } = this.making.place;
    const spots = this.warm.flatMap((warm, at) => (warm ? [{ box: pcs[Math.floor(at / MOST)]!, n: at % MOST }] : []));
    const centres = spots.map(({ box, n }) => igbtAt(box, n));
    const size = this.now.every(Boolean) ? MODULE : (MODULE.map((length, k) => length * LATE[k]!) as unknown as Point);
    const met = nearest(Float32Array.from(centres.flat()), size, eye, way);
    if (met < 0) return null;
    const { far, axis } = entryOf(eye, way, centres[met]!, size);
    const { box, n } = spots[met]!;
    return { far, ...facing(axis), shade: 1, part: box.part!, metric: `igbt_temperature_${n + 1}`, cell: null, sensor: null, coloured: true };
  }
}
