/**
 * The plant as a file for other programs, laid out by the same code as the scene: placement of containers, racks,
 * modules and cells, and the solids of the machine. Nodes are named by their part paths; extras carry the anatomy.
 */

import { Color } from "three";
import { cabinetSolid, frameSolid, siteParts } from "../scene/machine";
import { CELL_SIZE, placementOf, type ContainerPlace } from "../scene/placement";
import { Solid } from "../scene/solid";
import { CLAY } from "../scene/theme";
import type { PlantRow } from "../wire/schema";
import { Glb, type Triple } from "./glb";

export interface Exported extends PlantRow {
  oneline: { nodes: { id: string; kind: string }[] };
}

const CLEAR = 0.14; // opacity of a module's box: its cells are seen inside
const ORDER = new Intl.Collator("en", { numeric: true });

/** The plant as the bytes of a GLB file; `generator` names the program and its version. */
export function plantGlb(plant: Exported, generator: string): Uint8Array {
  const converters = plant.oneline.nodes.filter(({ kind }) => kind === "pcs").map(({ id }) => id).sort(ORDER.compare);
  const place = placementOf(plant, converters);
  const clay = CLAY.light;
  const glb = new Glb();
  const material = glb.material({ name: "clay", colour: [1, 1, 1] });
  const solid = (name: string, made: Solid) => glb.mesh(name, made.geometry(), material, true);
  const site = siteParts(place).map(([name, draw]) => {
    const made = new Solid();
    draw(made, clay);
    return glb.node({ name, mesh: solid(name, made) });
  });
  const [pcs] = place.pcs;
  const cabinet = pcs ? solid("pcs", cabinetSolid({ ...pcs, centre: [0, 0, 0] }, clay).box([0, 0, 0], pcs.size, clay.body)) : 0;
  const battery = new Battery(glb);
  const root = glb.node({
    name: plant.id,
    children: [
      ...site,
      ...place.pcs.map(({ part, centre }) => {
        const fed = plant.anatomy.buses.filter((bus) => bus.pcs === part);
        return glb.node({ name: part!, mesh: cabinet, translation: centre, extras: { kind: "pcs", buses: fed.map(({ id }) => id), racks: fed.flatMap(({ racks }) => racks) } });
      }),
      ...place.containers.map((container) => {
        const frame = glb.node({ name: `${container.id}/frame`, mesh: solid("frame", frameSolid(container, clay)) });
        return glb.node({ name: container.id, children: [frame, ...battery.racks(container)], extras: { kind: "container", ...plant.anatomy.containers.find(({ id }) => id === container.id) } });
      }),
    ],
    extras: { kind: "plant", id: plant.id, label: plant.label, power_w: plant.power_w, energy_wh: plant.energy_wh, nameplate: plant.nameplate, anatomy: plant.anatomy, length_unit: "m" },
  });
  return glb.bytes(plant.id, root, generator);
}

/** Cells and module boxes: one mesh each, drawn at as many places as a rack has of them. */
class Battery {
  private readonly solid: number;
  private readonly clear: number;
  private readonly cell: number;
  private readonly boxes = new Map<string, number>();

  constructor(private readonly glb: Glb) {
    this.solid = glb.material({ name: "cell", colour: linear(CLAY.light.light) });
    this.clear = glb.material({ name: "module", colour: linear(CLAY.light.body), opacity: CLEAR });
    this.cell = this.mesh("cell", CELL_SIZE, this.solid);
  }

  racks({ racks, modules, cells }: ContainerPlace): number[] {
    const perRack = modules.length / racks.length;
    const perModule = cells.length / 3 / modules.length;
    return racks.map(({ part, centre }, rack) => {
      const mine = modules.slice(rack * perRack, (rack + 1) * perRack);
      const from = 3 * rack * perRack * perModule;
      const own = Array.from(cells.subarray(from, from + 3 * perRack * perModule), (metres, n) => metres - centre[n % 3]!);
      const boxes = mine.flatMap((module) => module.centre.map((metres, axis) => metres - centre[axis]!));
      const of = `${part}/m1 … ${part}/m${perRack}`;
      return this.glb.node({
        name: part!,
        translation: centre,
        children: [
          this.glb.instances({ name: `${part}/modules`, mesh: this.box(mine[0]!.size), extras: { kind: "module", instances: of } }, boxes),
          this.glb.instances({ name: `${part}/cells`, mesh: this.cell, extras: { kind: "cell", instances: `${of}, each cell001 … cell${String(perModule).padStart(3, "0")}` } }, own),
        ],
        extras: { kind: "rack", modules: perRack, cells: perModule },
      });
    });
  }

  private box(size: Triple): number {
    const key = size.join();
    const made = this.boxes.get(key) ?? this.mesh("module", size, this.clear);
    this.boxes.set(key, made);
    return made;
  }

  private mesh(name: string, size: Triple, material: number): number {
    return this.glb.mesh(name, new Solid().box([0, 0, 0], size, 0).geometry(), material, false);
  }
}

function linear(colour: number): Triple {
  const { r, g, b } = new Color(colour);
  return [r, g, b];
}
