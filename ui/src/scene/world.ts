/** Everything that is drawn, in the clay of one theme. A change of theme builds it anew; registers and camera stay. */

import { DirectionalLight, Group, HemisphereLight, InstancedMesh, LineSegments, Mesh, type Color, type Material, type Object3D, type Texture } from "three";
import type { Model } from "../plant/model";
import type { Box } from "./box";
import { ContainerCells } from "./cells";
import type { FieldColours } from "./fieldshader";
import { Coolant } from "./details/coolant";
import { Converter } from "./details/converter";
import { drawn, stuffOf, type Ask, type Detail, type Making, type Mapped } from "./details/detail";
import { Display } from "./details/display";
import { ModuleBody } from "./details/modulebody";
import { OpenedCell } from "./details/openedcell";
import { Power } from "./details/power";
import { RackFront } from "./details/rackfront";
import { Tie } from "./details/tie";
import { Watch } from "./details/watch";
import { groundMesh } from "./ground";
import type { Look } from "./looks";
import { cabinetSolid, frameSolid, siteSolid } from "./machine";
import type { Placement } from "./placement";
import { Shell } from "./shell";
import type { Clay } from "./theme";
import { around, type Focus } from "./views";

export class World {
  readonly root = new Group();
  readonly batteries: ContainerCells[] = [];
  readonly ground: Object3D;
  private readonly shells: Shell[];
  private readonly frames: Group[];
  private readonly cabinets: { shell: Shell; face: Group }[];
  private readonly details: Detail[];
  private readonly body: ModuleBody;
  private readonly tie: Tie;
  private level = 0;

  constructor(model: Model, place: Placement, clay: Clay, mapped: Mapped, sensorCells: number[], colours: { cells: FieldColours | null; sensors: FieldColours | null }) {
    const stuff = stuffOf(clay);
    this.root.add(new HemisphereLight(0xffffff, 0x777b80, 2.1));
    const sun = new DirectionalLight(0xfffaf2, 1.6);
    sun.position.set(-5, 9, 8);
    this.root.add(sun);
    const standing: Box[] = [
      ...place.containers.map(({ shell }) => ({ ...shell, size: [shell.size[0] + 0.3, shell.size[1], shell.size[2] + 0.3] as const })),
      ...place.pcs, place.transformer, place.meter,
    ];
    const site = around(standing);
    this.ground = groundMesh([site.centre[0], site.centre[2]], Math.hypot(site.size[0], site.size[2]) * 0.95, standing, clay);
    this.root.add(this.ground, ...drawn(siteSolid(place, clay), stuff));
    this.frames = place.containers.map((container) => new Group().add(...drawn(frameSolid(container, clay), stuff)) as Group);
    this.shells = place.containers.map(({ shell: { centre, size } }) => new Shell({ centre: [centre[0], centre[1] + 0.06, centre[2]], size: [size[0] - 0.03, size[1] - 0.15, size[2] - 0.03] }, clay));
    this.cabinets = place.pcs.map((pcs) => ({ shell: new Shell(pcs, clay), face: new Group().add(...drawn(cabinetSolid(pcs, clay), stuff)) as Group }));
    let first = 0;
    let firstSensor = 0;
    for (const container of place.containers) {
      if (!colours.cells) break;
      const battery = new ContainerCells(container, colours.cells, first, clay);
      first += container.cells.length / 3;
      this.batteries.push(battery);
      this.root.add(battery.cells, battery.skin, battery.outlines);
      if (colours.sensors && sensorCells.length) {
        this.root.add(battery.addBeads(colours.sensors, firstSensor, sensorCells));
        firstSensor += container.modules.length * sensorCells.length;
      }
    }
    const making: Making = { place, clay, mapped, stuff };
    const row = model.plant.anatomy.containers[0];
    const perPcs = place.pcs.map(({ part }) => model.buses.find(({ pcs }) => pcs === part)?.racks ?? []);
    this.body = new ModuleBody(making);
    this.tie = new Tie(making);
    this.details = [
      this.body, this.tie, new OpenedCell(making, colours.cells), new RackFront(making), new Coolant(making),
      new Converter(making, perPcs, row ? row.modules * row.cells : 1), new Power(making, model.plant.power_w), new Display(making), new Watch(making),
    ];
    this.root.add(...this.frames, ...this.shells.map(({ group }) => group), ...this.cabinets.flatMap(({ shell, face }) => [shell.group, face]), ...this.details.map(({ group }) => group));
    const all = new Set<unknown>();
    this.root.traverse((part) => (part instanceof Mesh || part instanceof LineSegments) && all.add(part.geometry));
    this.geometries = all.size;
  }

  /** Shows a level's details; in flight they change half way. */
  show(level: number, look: Look, focus: Focus, extremes: readonly [number, number] | null): void {
    this.level = level;
    for (const detail of this.details) {
      detail.group.visible = detail.levels.includes(level);
      detail.aim?.(focus);
    }
    this.body.pose(level);
    this.shells.forEach((shell, n) => {
      shell.see(look.walls);
      this.frames[n]!.visible = look.walls < 1.5;
    });
    this.cabinets.forEach(({ shell, face }) => {
      shell.see(look.cabinet);
      face.visible = look.cabinet < 0.5;
    });
    let first = 0;
    this.batteries.forEach((battery, n) => {
      const count = battery.cells.count;
      const own = (cell: number) => (cell >= first && cell < first + count ? cell - first : -1);
      const kept: [number, number] = level === 8 && extremes ? [own(extremes[0]), own(extremes[1])] : [-1, -1];
      battery.show(look, n === focus.container ? focus.module : -1, kept, level === 4 && n === focus.container ? focus.cell : -1);
      first += count;
    });
    this.tie.group.visible = level === 8 && extremes !== null;
    if (level === 8 && extremes) this.tie.between(this.cellCentre(extremes[0]), this.cellCentre(extremes[1]), this.spread);
  }

  spread = 0;

  /** Centre of a cell of the plant as it is drawn now. */
  cellCentre(cell: number): [number, number, number] | null {
    let first = 0;
    for (const battery of this.batteries) {
      if (cell >= first && cell < first + battery.cells.count) return battery.centre(cell - first);
      first += battery.cells.count;
    }
    return null;
  }

  /** How many geometries there are, drawn yet or not: what the graphics card holds can never be more. */
  readonly geometries: number;

  /** Everything opaque that is shown now, cells and their skins left out. */
  solids(): Mesh[] {
    const own = new Set<Object3D>(this.batteries.flatMap(({ cells, skin, beads }) => [cells, skin, ...(beads ? [beads] : [])]));
    const out: Mesh[] = [];
    this.root.traverseVisible((part) => {
      if (!(part instanceof Mesh) || own.has(part) || part === this.ground) return;
      const material = part.material as Material;
      if (!(material.transparent && material.opacity < 0.5) && material.depthWrite) out.push(part);
    });
    return out;
  }

  feed(ask: Ask): boolean {
    return this.details.map((detail) => (detail.feed?.(ask) ?? false) && detail.levels.includes(this.level)).some(Boolean);
  }

  move(seconds: number): boolean {
    return this.details.filter(({ levels }) => levels.includes(this.level)).map((detail) => detail.move?.(seconds) ?? false).some(Boolean);
  }

  dispose(): void {
    const gone = new Set<{ dispose(): void }>();
    this.root.traverse((part) => {
      if (!(part instanceof Mesh || part instanceof LineSegments)) return;
      gone.add(part.geometry);
      for (const material of [part.material].flat() as (Material & { map?: Texture | null; color?: Color })[]) {
        gone.add(material);
        if (material.map) gone.add(material.map);
      }
      if (part instanceof InstancedMesh) gone.add(part);
    });
    for (const each of gone) each.dispose();
    this.root.removeFromParent();
  }
}
