/** Everything that is drawn, in the clay of one theme. A change of theme builds it anew; registers and camera stay. */

import { DirectionalLight, Group, HemisphereLight, InstancedMesh, LineSegments, Mesh, Raycaster, Vector3, type Color, type Material, type Object3D, type Texture } from "three";
import type { Snapshot } from "../figures/snapshot";
import type { Model } from "../plant/model";
import type { ColourScale } from "../twin2d/colour";
import type { Box } from "./box";
import { ContainerBody, type Fields } from "./container";
import type { Datum } from "./datum";
import { Coolant } from "./details/coolant";
import { Converter } from "./details/converter";
import { drawn, stuffOf, type Ask, type Detail, type Fresh, type Making, type Mapped } from "./details/detail";
import { Display } from "./details/display";
import { LastBlock } from "./details/lastblock";
import { ModuleBody } from "./details/modulebody";
import { OpenedCell } from "./details/openedcell";
import { Operating } from "./details/operating";
import { Power } from "./details/power";
import { RackFront } from "./details/rackfront";
import { Tie } from "./details/tie";
import { Watch } from "./details/watch";
import type { Ray } from "./eye";
import { groundMesh } from "./ground";
import type { Look } from "./looks";
import { cabinetSolid, siteParts } from "./machine";
import type { Placement } from "./placement";
import { Shell } from "./shell";
import { Solid } from "./solid";
import type { Clay } from "./theme";
import { around, type Focus } from "./views";

export class World {
  readonly root = new Group();
  readonly ground: Object3D;
  readonly containers: ContainerBody[];
  /** How many geometries there are, drawn yet or not: what the graphics card holds can never be more. */
  readonly geometries: number;
  spread = 0;
  private readonly cabinets: { shell: Shell; face: Group }[];
  private readonly details: Detail[];
  private readonly body: ModuleBody;
  private readonly tie: Tie;
  private readonly last: LastBlock;
  private readonly coolant: Coolant;
  private level = 0;
  private plain = false;
  private opaque: { solids: Mesh[]; over: Mesh[] } | null = null;

  constructor(private readonly model: Model, place: Placement, clay: Clay, mapped: Mapped, sensorCells: readonly number[], fields: Fields) {
    const stuff = stuffOf(clay);
    const making: Making = { place, clay, mapped, stuff, cells: model.cells };
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
    const solid = new Solid();
    const cooling = new Set(place.containers.map((container) => container.cooling.part));
    for (const [name, draw] of siteParts(place)) if (!cooling.has(name)) draw(solid, clay);
    this.root.add(this.ground, ...drawn(solid, stuff));
    let first = 0;
    let firstSensor = 0;
    this.containers = place.containers.map((container, nth) => {
      const body = new ContainerBody(nth, making, container, clay, fields, first, firstSensor, sensorCells);
      first += container.cells.length / 3;
      firstSensor += container.modules.length * sensorCells.length;
      return body;
    });
    this.cabinets = place.pcs.map((pcs) => ({ shell: new Shell(pcs, clay), face: new Group().add(...drawn(cabinetSolid(pcs, clay), stuff)) as Group }));
    const row = model.plant.anatomy.containers[0];
    const perPcs = place.pcs.map(({ part }) => model.buses.find(({ pcs }) => pcs === part)?.racks ?? []);
    this.body = new ModuleBody(making);
    this.tie = new Tie(making);
    this.last = new LastBlock(making, model);
    this.coolant = new Coolant(making);
    this.details = [
      this.body, this.tie, this.last, new OpenedCell(making, fields.cells), new RackFront(making), this.coolant,
      new Converter(making, perPcs, row ? row.modules * row.cells : 1), new Power(making, model.plant.power_w), new Operating(making, model.plant.power_w), new Display(making), new Watch(making),
    ];
    this.root.add(...this.containers.map(({ group }) => group), ...this.cabinets.flatMap(({ shell, face }) => [shell.group, face]), ...this.details.map(({ group }) => group), ...this.coolant.standing);
    const all = new Set<unknown>();
    this.root.traverse((part) => (part instanceof Mesh || part instanceof LineSegments) && all.add(part.geometry));
    this.geometries = all.size;
  }

  /** Shows a level's details; `extremes` are the lowest and the highest cell. */
  show(level: number, look: Look, focus: Focus, extremes: readonly [number, number] | null): void {
    this.level = level;
    this.plain = look.plain;
    this.opaque = null;
    for (const detail of this.details) {
      detail.group.visible = detail.levels.includes(level);
      detail.aim?.(focus);
    }
    this.body.pose(level);
    this.cabinets.forEach(({ shell, face }) => {
      shell.see(look.cabinet);
      face.visible = look.cabinet < 0.5;
    });
    const tied = level === 8 ? extremes : null;
    for (const container of this.containers) container.show(level, look, focus, tied ?? [-1, -1]);
    this.containers.forEach(({ group }, n) => (this.coolant.standing[n]!.visible = group.visible));
    if (level === 7) this.last.lay((cell) => this.cellCentre(cell));
    this.tie.group.visible = tied !== null;
    if (tied) this.tie.between(this.cellCentre(tied[0]), this.cellCentre(tied[1]), this.spread);
  }

  /** Centre of a cell of the plant as it is drawn now, null where its container is not. */
  cellCentre(cell: number): [number, number, number] | null {
    const body = this.containers.find(({ first, battery, group }) => battery && group.visible && cell >= first && cell < first + battery.count);
    return body ? body.battery!.centre(cell - body.first) : null;
  }

  sensorCentre(sensor: number): [number, number, number] | null {
    const body = this.containers.find(({ firstSensor, battery }) => battery?.beads && sensor >= firstSensor && sensor < firstSensor + battery.beads.count);
    return body ? body.battery!.beadAt(sensor - body.firstSensor) : null;
  }

  /** The datum that a ray meets before anything solid. */
  meet(ray: Ray): Datum | null {
    let best: Datum | null = null;
    const take = (datum: Datum | null) => {
      if (datum && (!best || datum.far < best.far)) best = datum;
    };
    const { cells, sensors } = this.model;
    for (const container of this.containers) {
      const { cell, sensor } = container.meet(ray);
      if (cell && cells) take({ ...cell, part: cells.parts[cell.index]!, metric: "voltage", cell: cell.index, sensor: null, coloured: !this.plain });
      if (sensor && sensors) take({ ...sensor, part: sensors.parts[sensor.index]!, metric: "temperature", cell: null, sensor: sensor.index, coloured: true });
    }
    for (const detail of this.details) if (detail.group.visible) take(detail.meet?.(ray) ?? null);
    const found = best as Datum | null;
    return found && this.solidBefore(ray, found.far) ? null : found;
  }

  /** Whether something solid stands before a point of a ray. */
  private solidBefore({ eye, way }: Ray, far: number): boolean {
    const caster = new Raycaster(new Vector3(...eye), new Vector3(...way), 0, far - 1e-4);
    const { solids, over } = (this.opaque ??= this.findOpaque());
    if (caster.intersectObjects(solids, false).length > 0) return true;
    caster.far = Infinity;
    return caster.intersectObjects(over, false).length > 0;
  }

  /** What is solid and shown now; `over` is drawn before everything, wherever it is. */
  private findOpaque(): { solids: Mesh[]; over: Mesh[] } {
    const solids: Mesh[] = [];
    const over: Mesh[] = [];
    this.root.traverseVisible((part) => {
      if (!(part instanceof Mesh) || part.userData["data"] || part === this.ground) return;
      const material = part.material as Material;
      if (part instanceof InstancedMesh) part.boundingSphere = null; // its instances may have moved since
      if (!material.depthTest) over.push(part);
      else if (!(material.transparent && material.opacity < 0.5) && material.depthWrite) solids.push(part);
    });
    return { solids, over };
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    return this.changed((detail) => detail.feed?.(ask, fresh) ?? false);
  }

  /** Takes a snapshot and the scale of temperatures; true when something that is shown looks different now. */
  take(shown: Snapshot | null, warmth: ColourScale | null): boolean {
    return this.changed((detail) => [shown !== null && (detail.take?.(shown) ?? false), detail.tint?.(warmth) ?? false].some(Boolean));
  }

  /** Gives every detail its due; whether any that is shown changed. */
  private changed(by: (detail: Detail) => boolean): boolean {
    return this.details.map((detail) => by(detail) && detail.levels.includes(this.level)).some(Boolean);
  }

  move(seconds: number): boolean {
    this.opaque = null;
    return this.details.filter(({ levels }) => levels.includes(this.level)).map((detail) => detail.move?.(seconds) ?? false).some(Boolean);
  }

  /** Textures that are sent to the graphics card ahead. */
  get textures(): Texture[] {
    const found = new Set<Texture>();
    this.root.traverse((part) => {
      const map = part instanceof Mesh ? (part.material as { map?: Texture | null }).map : null;
      if (map) found.add(map);
    });
    return [...found];
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
