/** One container: walls, frame, cooling unit, cells. How much of it is seen hangs on which container a level looks at. */

import { Group, type Object3D } from "three";
import { ContainerCells } from "./cells";
import { drawn, type Making } from "./details/detail";
import type { FieldColours } from "./fieldcolours";
import { lookOf, type Look } from "./looks";
import { frameSolid, siteParts } from "./machine";
import { meetBeads, meetCells, type Met } from "./meet";
import type { Ray } from "./eye";
import type { ContainerPlace } from "./placement";
import { Shell } from "./shell";
import { Solid } from "./solid";
import type { Clay } from "./theme";
import type { Focus } from "./views";

/** Levels that look into every container, into the others as skins; on no level is one seen that stands before the eye. */
const ALL = [7, 8];
const CLOSED = lookOf(0);

export interface Fields {
  cells: FieldColours | null;
  sensors: FieldColours | null;
}

export class ContainerBody {
  readonly group = new Group();
  readonly battery: ContainerCells | null;
  private readonly shell: Shell;
  private readonly frame: Object3D;

  /** `nth` of the plant's containers; `first` and `firstSensor` count over the plant. */
  constructor(
    private readonly nth: number, { place: site, stuff }: Making, place: ContainerPlace, clay: Clay, fields: Fields,
    readonly first: number, readonly firstSensor: number, sensorCells: readonly number[],
  ) {
    const { centre, size } = place.shell;
    this.shell = new Shell({ centre: [centre[0], centre[1] + 0.06, centre[2]], size: [size[0] - 0.03, size[1] - 0.15, size[2] - 0.03] }, clay);
    this.frame = new Group().add(...drawn(frameSolid(place, clay), stuff));
    this.group.add(this.shell.group, this.frame);
    const cooling = new Solid();
    for (const [name, draw] of siteParts(site)) if (name === place.cooling.part) draw(cooling, clay);
    this.group.add(...drawn(cooling, stuff));
    this.battery = fields.cells && new ContainerCells(place, fields.cells, first, clay);
    if (!this.battery) return;
    this.group.add(this.battery.group);
    if (fields.sensors && sensorCells.length) this.battery.addBeads(fields.sensors, firstSensor, sensorCells);
  }

  /** `extremes` are cells of the plant that keep their size, -1 for none. */
  show(level: number, look: Look, focus: Focus, extremes: readonly [number, number]): void {
    const mine = this.nth === focus.container;
    const afar: Look = ALL.includes(level) ? { ...look, battery: "skin", alone: false, beads: 0 } : CLOSED;
    const own = mine || look.walls === 0 ? look : afar;
    this.group.visible = mine || look.walls === 0 || this.nth > focus.container;
    this.shell.see(own.walls);
    this.frame.visible = own.walls < 1.5;
    const { battery } = this;
    if (!battery) return;
    // behind solid walls nothing is seen
    if (own.walls === 0) return battery.hide();
    const within = (cell: number) => (cell >= this.first && cell < this.first + battery.count ? cell - this.first : -1);
    battery.show(own, mine ? focus.module : -1, [within(extremes[0]), within(extremes[1])], mine && level === 4 ? focus.cell : -1);
  }

  /** The cell or the sensor that a ray meets first. */
  meet(ray: Ray): { cell: Met | null; sensor: Met | null } {
    if (!this.battery || !this.group.visible) return { cell: null, sensor: null };
    return { cell: meetCells(this.battery, ray), sensor: meetBeads(this.battery, ray, this.firstSensor) };
  }
}
