/** Levels 4, 6 and 9: the module that is looked at with its busbars; on level 6 drawn apart into tray, cells, busbars and lid. */

import { BoxGeometry, EdgesGeometry, Group, LineSegments } from "three";
import { CELL, cellPlace } from "../pack";
import { Solid } from "../solid";
import type { Focus } from "../views";
import { drawn, type Detail, type Making } from "./detail";

const POST = 0.045; // of a terminal from the cell's middle, m
const SPREAD = { tray: -0.2, bars: 0.1, lid: 0.42 };

export class ModuleBody implements Detail {
  readonly group = new Group();
  readonly levels = [4, 6, 9];
  private readonly bars = new Group();
  private readonly tray = new Group();
  private readonly lid = new Group();

  constructor(private readonly making: Making) {
    const { clay, stuff, place } = making;
    const container = place.containers[0];
    if (!container) return;
    const { pack } = container;
    const each = container.cells.length / 3 / Math.max(1, container.modules.length);
    const bars = new Solid();
    const top = CELL.height / 2;
    for (let n = 0; n < each; n++) {
      const [x, y, z] = cellPlace(pack, n);
      for (const side of [-1, 1]) bars.cylinder([x + side * POST, y + top + 0.004, z], 0.014, 0.01, 1, clay.dark, 8);
      if (n + 1 === each) continue;
      const [nx, , nz] = cellPlace(pack, n + 1);
      const side = n % 2 ? 1 : -1;
      if (nx === x) bars.box([x + side * POST, y + top + 0.011, (z + nz) / 2], [0.036, 0.006, Math.abs(nz - z) + 0.03], clay.light);
      else bars.box([(x + nx) / 2, y + top + 0.011, z], [Math.abs(nx - x), 0.006, 0.03], clay.light);
    }
    this.bars.add(...drawn(bars, stuff));
    const tray = new Solid();
    const [w, h, d] = [pack.width, pack.height, pack.depth];
    tray.box([0, -h / 2 + 0.008, 0], [w, 0.016, d], clay.dark);
    for (const s of [-1, 1]) {
      tray.box([s * (w / 2 - 0.005), -h / 2 + 0.05, 0], [0.01, 0.07, d], clay.body);
      tray.box([0, -h / 2 + 0.05, s * (d / 2 - 0.005)], [w - 0.022, 0.07, 0.01], clay.body);
    }
    // coolant plate under the cells: two ports at the front
    for (const s of [-1, 1]) tray.cylinder([s * w * 0.3, -h / 2 + 0.03, d / 2 + 0.03], 0.016, 0.07, 2, clay.light, 12);
    tray.box([0, 0, d / 2 + 0.035], [w * 0.36, 0.12, 0.05], clay.body);
    tray.cylinder([-w * 0.42, 0, d / 2 + 0.04], 0.026, 0.07, 2, clay.dark, 16);
    tray.cylinder([w * 0.42, 0, d / 2 + 0.04], 0.026, 0.07, 2, clay.dark, 16);
    this.tray.add(...drawn(tray, stuff));
    const lid = new BoxGeometry(w, 0.014, d);
    this.lid.add(new LineSegments(new EdgesGeometry(lid), stuff.line), ...drawn(ribs(w, d, clay.body), stuff));
    lid.dispose();
    this.group.add(this.bars, this.tray, this.lid);
  }

  aim(focus: Focus): void {
    const module = this.making.place.containers[focus.container]?.modules[focus.module];
    if (module) this.group.position.set(...module.centre);
  }

  /** Called with the level that is shown. */
  pose(level: number): void {
    const apart = level === 6;
    this.tray.position.y = apart ? SPREAD.tray : 0;
    this.bars.position.y = apart ? SPREAD.bars : 0;
    this.lid.position.y = apart ? SPREAD.lid : 0;
    this.lid.visible = apart;
    this.tray.visible = level !== 9;
  }
}

function ribs(w: number, d: number, colour: number): Solid {
  const solid = new Solid();
  for (const s of [-1, 1]) solid.box([s * (w / 2 - 0.012), 0, 0], [0.024, 0.016, d], colour).box([0, 0, s * (d / 2 - 0.012)], [w - 0.048, 0.016, 0.024], colour);
  for (let i = -2; i <= 2; i++) solid.box([0, 0, (i * d) / 6], [w - 0.048, 0.012, 0.018], colour);
  return solid;
}
