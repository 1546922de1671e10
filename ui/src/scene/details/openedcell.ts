/** Level 4: the cell that is looked at, lifted out of its module and opened: case, posts, vent, and the layers of its windings. */

import { BoxGeometry, Group, InstancedMesh, Matrix4, MeshBasicMaterial, NoBlending, type Object3D, type ShaderMaterial } from "three";
import { add, type Point } from "../../flight/pose";
import { drawnLast } from "../cells";
import type { Ray } from "../eye";
import type { FieldColours } from "../fieldcolours";
import { coloured } from "../flow";
import { facing } from "../meet";
import { CELL } from "../pack";
import { entryOf, nearest } from "../pick";
import { cellCentre } from "../placement";
import { Solid } from "../solid";
import { LIFT, type Focus } from "../views";
import type { Datum } from "../datum";
import { drawn, type Ask, type Detail, type Making } from "./detail";

/** The register's colour on the lid, between posts and vent. */
const FACE: Point = [0.021, 0.006, CELL.depth * 0.72];
const FACES = [-1, 1].map((side): Point => [side * 0.029, CELL.height / 2 + 0.0075, 0]);
/** Where the resistor sits through which the cell is discharged for balance: behind a post, on the lid. */
export const RESISTOR: Point = [0.055, CELL.height / 2 + 0.011, -0.024];
const RESISTOR_SIZE: Point = [0.034, 0.01, 0.014];
const LAYERS = 14; // drawn of the several hundred in a cell

export class OpenedCell implements Detail {
  readonly group = new Group();
  readonly levels = [4];
  private readonly face: InstancedMesh | null = null;
  /** The resistor where a register says when it burns, and where none does. */
  private readonly resistor: InstancedMesh;
  private readonly unsaid: Object3D;
  private module = "";
  private bit = -1;
  private burns: boolean | null = null;
  private ask: Ask = () => null;
  private readonly firsts: number[] = [];
  private cell = -1;

  constructor(private readonly making: Making, colours: FieldColours | null) {
    const { clay, stuff, place } = making;
    let before = 0;
    for (const { cells } of place.containers) {
      this.firsts.push(before);
      before += cells.length / 3;
    }
    const solid = new Solid();
    const { width: w, height: h, depth: d } = CELL;
    // the case stands for its right-hand third; the rest is opened
    solid.rounded([w / 2 - 0.022, 0, 0], [0.044, h - 0.004, d], 0.008, clay.body);
    solid.box([-0.02, -h / 2 + 0.003, 0], [w - 0.044, 0.006, d], clay.body);
    solid.box([-0.02, 0, -d / 2 + 0.0012], [w - 0.044, h - 0.01, 0.0024], clay.body);
    for (let i = 0; i < LAYERS; i++) {
      const share = i / (LAYERS - 1);
      const z = -d / 2 + 0.007 + share * (d - 0.014);
      // the nearest layers are cut lower, so that the ones behind are seen: cathode, separator, anode in turn
      const high = (h - 0.05) * (1 - 0.62 * share);
      const tone = [clay.dark, clay.light, 0x2b2f33][i % 3]!;
      solid.box([-0.022, -h / 2 + 0.01 + high / 2, z], [w - 0.056 - (i % 3) * 0.004, high, 0.0032], tone);
    }
    // lid, posts, vent and filling hole
    solid.rounded([0, h / 2 + 0.002, 0], [w, 0.008, d], 0.008, clay.light);
    for (const side of [-1, 1]) solid.cylinder([side * 0.055, h / 2 + 0.011, 0], 0.015, 0.012, 1, clay.dark, 20);
    solid.rounded([0, h / 2 + 0.007, 0], [0.036, 0.003, 0.018], 0.008, clay.dark);
    for (const side of [-1, 1]) solid.box([side * 0.045, h / 2 - 0.014, 0], [0.03, 0.018, d * 0.5], clay.dark);
    this.resistor = coloured(new InstancedMesh(new BoxGeometry(...RESISTOR_SIZE), new MeshBasicMaterial({ transparent: true, blending: NoBlending }), 1), clay.dark);
    this.resistor.setMatrixAt(0, new Matrix4().makeTranslation(...RESISTOR));
    const unsaid = new Solid();
    unsaid.box(RESISTOR, RESISTOR_SIZE, clay.body);
    this.unsaid = drawn(unsaid, stuff, stuff.hatch)[0];
    this.group.add(...drawn(solid, stuff), this.resistor, this.unsaid);
    if (colours) {
      const face = new Solid();
      for (const at of FACES) face.box(at, FACE, 0);
      const mesh = drawnLast(new InstancedMesh(face.geometry(), colours.cells(0), 1));
      mesh.setMatrixAt(0, new Matrix4());
      mesh.geometry.deleteAttribute("color");
      this.face = mesh;
      this.group.add(mesh);
    }
  }

  aim(focus: Focus): void {
    const container = this.making.place.containers[focus.container];
    if (!container || container.cells.length === 0) return;
    const [x, y, z] = cellCentre(container, focus.cell);
    this.group.position.set(x, y + LIFT, z);
    this.cell = this.firsts[focus.container]! + focus.cell;
    const each = container.cells.length / 3 / container.modules.length;
    this.module = container.modules[focus.module]?.part ?? "";
    this.bit = focus.cell % each;
    const said = this.making.mapped(this.module, "balancing");
    [this.resistor.visible, this.unsaid.visible] = [said, !said];
    this.feed(this.ask);
    if (this.face) (this.face.material as ShaderMaterial).uniforms["first"]!.value = this.cell;
  }

  /** The resistor glows while the cell's bit says that it is balanced. */
  feed(ask: Ask): boolean {
    this.ask = ask;
    const bits = ask(this.module, "balancing");
    const burns = bits === null || this.bit < 0 ? null : Math.floor(bits / 2 ** this.bit) % 2 === 1;
    if (burns === this.burns) return false;
    this.burns = burns;
    const { clay } = this.making;
    coloured(this.resistor, burns ? clay.ink : clay.dark);
    this.resistor.instanceColor!.needsUpdate = true;
    return true;
  }

  meet({ eye, way }: Ray): Datum | null {
    const part = this.making.cells?.parts[this.cell];
    if (!this.face || part === undefined) return null;
    const { x, y, z } = this.group.position;
    const centres = FACES.map((at) => add(at, [x, y, z]));
    const met = nearest(Float32Array.from(centres.flat()), FACE, eye, way);
    if (met < 0) return null;
    const { far, axis } = entryOf(eye, way, centres[met]!, FACE);
    return { far, ...facing(axis), part, metric: "voltage", cell: this.cell, sensor: null, coloured: true };
  }
}
