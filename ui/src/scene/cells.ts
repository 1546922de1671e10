/** All cells of a container in one draw, its modules with the same cells as a skin for the view from afar, or as outlines. */

import {
  BoxGeometry, BufferGeometry, Color, InstancedMesh, LineBasicMaterial, LineSegments, Matrix4, IcosahedronGeometry, type ShaderMaterial,
} from "three";
import { EVERY, type FieldColours } from "./fieldshader";
import type { Battery, Look } from "./looks";
import { CELL_SIZE, FLOOR, type ContainerPlace } from "./placement";
import { Solid } from "./solid";
import type { Clay } from "./theme";

type Drawn = InstancedMesh<BufferGeometry, ShaderMaterial>;

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
  readonly cells: Drawn;
  readonly skin: Drawn;
  readonly outlines: LineSegments;
  beads: Drawn | null = null;
  /** Which of the container's cells are drawn now, and where: for the pointer. */
  shown: { from: number; below: number; apart: number; size: number; lifted: number } | null = null;
  private readonly each: number;
  private sensors = 0;

  constructor(private readonly place: ContainerPlace, colours: FieldColours, first: number, clay: Clay) {
    const count = place.cells.length / 3;
    const matrix = new Matrix4();
    this.cells = new InstancedMesh(cellGeometry(), colours.cells(first), count) as Drawn;
    for (let n = 0; n < count; n++) {
      this.cells.setMatrixAt(n, matrix.makeTranslation(place.cells[3 * n]!, place.cells[3 * n + 1]!, place.cells[3 * n + 2]!));
    }
    const { rows, length } = place.pack;
    this.each = count / Math.max(1, place.modules.length);
    this.skin = new InstancedMesh(new BoxGeometry(1, 1, 1), colours.skin(first, rows, length, this.each, new Color(clay.body)), place.modules.length) as Drawn;
    const outline = new Solid();
    place.modules.forEach(({ centre, size }, n) => {
      matrix.makeScale(...size).setPosition(...centre);
      this.skin.setMatrixAt(n, matrix);
      outline.box(centre, size, 0);
    });
    this.outlines = new LineSegments(outline.edges(), new LineBasicMaterial({ color: clay.edge, transparent: true, opacity: 0.3 }));
    const { r, g, b } = new Color(clay.body);
    this.cells.material.uniforms["plain"]!.value.set(r, g, b, 0);
    for (const mesh of [this.cells, this.skin]) mesh.frustumCulled = false;
  }

  /** The container's temperature sensors, at these cells of every module. */
  addBeads(colours: FieldColours, first: number, sensorCells: number[]): Drawn {
    const { place } = this;
    this.sensors = sensorCells.length;
    const beads = new InstancedMesh(new IcosahedronGeometry(0.5, 0), colours.cells(first), place.modules.length * sensorCells.length) as Drawn;
    const matrix = new Matrix4();
    let n = 0;
    for (let module = 0; module < place.modules.length; module++) {
      for (const cell of sensorCells) {
        const at = 3 * (module * this.each + Math.floor(cell));
        beads.setMatrixAt(n++, matrix.makeTranslation(place.cells[at]!, place.cells[at + 1]! + CELL_SIZE[1] / 2 + 0.018, place.cells[at + 2]!));
      }
    }
    beads.frustumCulled = false;
    return (this.beads = beads);
  }

  /** Shows a look; `module` is the one that is looked at (-1: none in this container), `extremes` and `lifted` are cells of it. */
  show(look: Look, module: number, extremes: [number, number], lifted: number): void {
    const { place } = this;
    const alone = look.alone && module >= 0;
    const empty = look.alone && module < 0;
    const how: Battery = empty ? "ghost" : look.battery;
    this.cells.visible = how === "cells";
    this.skin.visible = how === "skin";
    this.outlines.visible = how === "ghost" || alone;
    const [from, below] = alone ? [module * this.each, (module + 1) * this.each] : [0, EVERY];
    set(this.cells, look.size, look.apart, [from, below, ...extremes], lifted);
    this.cells.material.uniforms["plain"]!.value.w = look.plain ? 1 : 0;
    if (this.beads) {
      this.beads.visible = look.beads > 0 && !empty;
      set(this.beads, look.beads / 100, 0, alone ? [module * this.sensors, (module + 1) * this.sensors, -1, -1] : [0, EVERY, -1, -1], -1);
    }
    const end = Math.min(below, place.cells.length / 3);
    this.shown = how === "ghost" ? null : { from, below: end, apart: how === "cells" ? look.apart : 0, size: how === "cells" ? look.size : 1, lifted };
  }

  /** Centre of a cell as it is drawn now. */
  centre(n: number): [number, number, number] {
    const y = this.place.cells[3 * n + 1]!;
    return [this.place.cells[3 * n]!, y + (this.shown?.apart ?? 0) * (y - FLOOR), this.place.cells[3 * n + 2]!];
  }
}

function set(mesh: Drawn, size: number, apart: number, kept: [number, number, number, number], lifted: number): void {
  const { uniforms } = mesh.material;
  uniforms["size"]!.value = size;
  uniforms["apart"]!.value = apart;
  uniforms["kept"]!.value.set(...kept);
  uniforms["lifted"]!.value = lifted;
}
