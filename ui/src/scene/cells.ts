/** All cells of a container in one draw, its modules with the same cells as a skin for the view from afar, or as outlines. */

import { BoxGeometry, BufferGeometry, Color, Group, InstancedMesh, LineBasicMaterial, LineSegments, Matrix4, IcosahedronGeometry, type ShaderMaterial } from "three";
import type { Point } from "../flight/pose";
import { DATA_ORDER, type FieldColours } from "./fieldcolours";
import type { Battery, Look } from "./looks";
import { cellPlace } from "./pack";
import { CELL_SIZE, FLOOR, type ContainerPlace } from "./placement";
import { Solid } from "./solid";
import type { Clay } from "./theme";

type Drawn = InstancedMesh<BufferGeometry, ShaderMaterial>;

const OUTLINE = 0.16; // opacity
const RIM = 1.3; // times a bead
const RIM_COLOUR = [0.13, 0.14, 0.15] as const;
const OUT_OF_REACH = -1e6; // m

/** A cell without its bottom: nobody ever sees it. */
export function cellGeometry(): BoxGeometry {
  const geometry = new BoxGeometry(...CELL_SIZE);
  const index = Array.from(geometry.index!.array);
  const normal = geometry.getAttribute("normal");
  const kept: number[] = [];
  for (let i = 0; i < index.length; i += 3) if (normal.getY(index[i]!) > -0.5) kept.push(...index.slice(i, i + 3));
  geometry.setIndex(kept);
  return geometry;
}

export class ContainerCells {
  /** What of it is drawn. */
  readonly group = new Group();
  /** The cells of one module alone. */
  readonly single: Drawn;
  readonly skin: Drawn;
  readonly outlines: LineSegments;
  beads: Drawn | null = null;
  /** A dark rim around every bead, behind all of them: pale beads are seen on pale clay, and no bead is ever covered. */
  private rims: Drawn | null = null;
  /** Which of the container's cells are drawn now, and how: for the pointer. */
  shown: { how: Battery; from: number; below: number; size: number; lifted: number; kept: readonly [number, number] } | null = null;
  /** Which of its sensors are drawn now, and how large. */
  beaded: { from: number; below: number; radius: number } | null = null;
  readonly each: number;
  sensorCells: readonly number[] = [];
  private made: Drawn | null = null;
  private readonly clay: Color;
  private apart = 0;
  private centred: Float32Array | null = null;

  /** `first`: number over the plant of its first cell. */
  constructor(readonly place: ContainerPlace, private readonly colours: FieldColours, readonly first: number, clay: Clay) {
    const count = place.cells.length / 3;
    const matrix = new Matrix4();
    const { rows, length } = place.pack;
    this.each = count / Math.max(1, place.modules.length);
    this.single = drawnLast(new InstancedMesh(cellGeometry(), colours.cells(first), this.each) as Drawn);
    for (let n = 0; n < this.each; n++) this.single.setMatrixAt(n, matrix.makeTranslation(...cellPlace(place.pack, n)));
    this.skin = drawnLast(new InstancedMesh(new BoxGeometry(1, 1, 1), colours.skin(first, rows, length, this.each, new Color(clay.body)), place.modules.length) as Drawn);
    const outline = new Solid();
    place.modules.forEach(({ centre, size }, n) => {
      matrix.makeScale(...size).setPosition(...centre);
      this.skin.setMatrixAt(n, matrix);
      outline.box(centre, size, 0);
    });
    this.outlines = new LineSegments(outline.edges(), new LineBasicMaterial({ color: clay.edge, transparent: true, opacity: OUTLINE, depthWrite: false }));
    this.clay = new Color(clay.body);
    this.single.material.uniforms["plain"]!.value.set(this.clay.r, this.clay.g, this.clay.b, 0);
    this.group.add(this.single, this.skin, this.outlines);
  }

  /** How many cells it has. */
  get count(): number {
    return this.place.cells.length / 3;
  }

  /** All cells one by one; made when they are first looked at, as most containers of a large site never are. */
  private get cells(): Drawn {
    if (this.made) return this.made;
    const made = drawnLast(new InstancedMesh(this.single.geometry, this.colours.cells(this.first), this.count) as Drawn);
    const matrix = new Matrix4();
    const { cells } = this.place;
    for (let n = 0; n < this.count; n++) made.setMatrixAt(n, matrix.makeTranslation(cells[3 * n]!, cells[3 * n + 1]!, cells[3 * n + 2]!));
    made.material.uniforms["plain"]!.value.set(this.clay.r, this.clay.g, this.clay.b, 0);
    this.group.add(made);
    return (this.made = made);
  }

  /** The container's temperature sensors, at these cells of every module; `first` is the number of its first sensor. */
  addBeads(colours: FieldColours, first: number, sensorCells: readonly number[]): Drawn {
    const { place } = this;
    this.sensorCells = sensorCells;
    const beads = drawnLast(new InstancedMesh(new IcosahedronGeometry(0.5, 0), colours.cells(first), place.modules.length * sensorCells.length) as Drawn);
    const rims = new InstancedMesh(beads.geometry, colours.cells(first), beads.count) as Drawn;
    const matrix = new Matrix4();
    for (const mesh of [drawnLast(rims), beads]) for (let n = 0; n < mesh.count; n++) mesh.setMatrixAt(n, matrix.makeTranslation(...this.beadAt(n)));
    rims.renderOrder = DATA_ORDER - 1;
    rims.material.depthWrite = false;
    rims.material.uniforms["plain"]!.value.set(...RIM_COLOUR, 1);
    this.rims = rims;
    this.group.add(rims, beads);
    return (this.beads = beads);
  }

  /** Centre of sensor `n` of the container: on top of its cell. */
  beadAt(n: number): [number, number, number] {
    const per = this.sensorCells.length;
    const at = 3 * (Math.floor(n / per) * this.each + Math.floor(this.sensorCells[n % per]!));
    return [this.place.cells[at]!, this.place.cells[at + 1]! + CELL_SIZE[1] / 2 + 0.018, this.place.cells[at + 2]!];
  }

  /** Nothing of it is drawn. */
  hide(): void {
    this.group.visible = false;
    this.shown = this.beaded = null;
  }

  /** Shows a look; `module` is the one that is looked at (-1: none in this container), `extremes` and `lifted` are cells of it. */
  show(look: Look, module: number, extremes: readonly [number, number], lifted: number): void {
    this.centred = null;
    const alone = look.alone && module >= 0;
    const empty = look.alone && module < 0;
    const how: Battery = empty ? "ghost" : look.battery;
    this.group.visible = true;
    const single = how === "cells" && alone;
    const cells = this.made ?? (how === "cells" && !alone ? this.cells : null);
    if (cells) cells.visible = how === "cells" && !alone;
    this.single.visible = single;
    this.skin.visible = how === "skin";
    this.outlines.visible = how === "ghost" || alone;
    this.apart = how === "cells" ? look.apart : 0;
    const [from, below] = alone ? [module * this.each, (module + 1) * this.each] : [0, this.count];
    if (cells) set(cells, look.size, look.apart, [from, below, ...extremes], lifted);
    if (alone) {
      set(this.single, look.size, 0, [0, this.each, -1, -1], lifted < 0 ? -1 : lifted - from);
      this.single.material.uniforms["first"]!.value = this.first + from;
      this.single.position.set(...this.place.modules[module]!.centre);
    }
    for (const mesh of [cells, this.single, this.skin]) {
      if (!mesh) continue;
      mesh.material.uniforms["plain"]!.value.w = look.plain ? 1 : 0;
      mesh.renderOrder = look.plain ? 0 : DATA_ORDER; // clay may lie behind smoke
    }
    this.shown = how === "ghost" ? null : { how, from, below, size: how === "cells" ? look.size : 1, lifted, kept: extremes };
    if (!this.beads) return;
    const per = this.sensorCells.length;
    this.beads.visible = this.rims!.visible = look.beads > 0 && !empty;
    const [low, high] = alone ? [module * per, (module + 1) * per] : [0, this.beads.count];
    set(this.beads, look.beads / 100, 0, [low, high, -1, -1], -1);
    set(this.rims!, (RIM * look.beads) / 100, 0, [low, high, -1, -1], -1);
    this.beaded = this.beads.visible ? { from: low, below: high, radius: look.beads / 200 } : null;
  }

  /** Centres of the cells that are drawn in the size of the look, from the first shown one on; the others lie out of every ray's way. */
  centres(): Float32Array {
    const { shown } = this;
    if (this.centred || !shown) return (this.centred ??= new Float32Array(0));
    const { from, below, lifted, kept } = shown;
    const out = this.place.cells.slice(3 * from, 3 * below);
    for (let n = from; n < below; n++) {
      const at = 3 * (n - from) + 1;
      out[at] = n === lifted || n === kept[0] || n === kept[1] ? OUT_OF_REACH : out[at]! + this.apart * (out[at]! - FLOOR);
    }
    return (this.centred = out);
  }

  /** Centre of a cell as it is drawn now. */
  centre(n: number): [number, number, number] {
    const y = this.place.cells[3 * n + 1]!;
    return [this.place.cells[3 * n]!, y + this.apart * (y - FLOOR), this.place.cells[3 * n + 2]!];
  }

  /** Full size of a cell as it is drawn now. */
  sizeOf(n: number): Point {
    const size = this.shown && !this.shown.kept.includes(n) ? this.shown.size : 1;
    return [CELL_SIZE[0] * size, CELL_SIZE[1] * size, CELL_SIZE[2] * size];
  }
}

/** Marks a mesh that carries data; see DATA_ORDER. */
export function drawnLast<T extends InstancedMesh>(mesh: T): T {
  mesh.renderOrder = DATA_ORDER;
  mesh.frustumCulled = false;
  mesh.userData["data"] = true;
  return mesh;
}

function set(mesh: Drawn, size: number, apart: number, kept: [number, number, number, number], lifted: number): void {
  const { uniforms } = mesh.material;
  uniforms["size"]!.value = size;
  uniforms["apart"]!.value = apart;
  uniforms["kept"]!.value.set(...kept);
  uniforms["lifted"]!.value = lifted;
}
