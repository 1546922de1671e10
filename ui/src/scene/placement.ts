/** The plant laid out on its site, from its anatomy alone: another plant file, another machine. */

import type { Point } from "../flight/pose";
import type { ContainerRow, PlantRow } from "../wire/schema";
import { segment } from "../plant/parts";
import { box, boundsOf, type Bounds, type Box } from "./box";
import { CELL, cellPlace, columnsOf, packOf, type Columns, type Pack } from "./pack";

export interface ContainerPlace {
  id: string;
  shell: Box;
  pack: Pack;
  racks: Box[];
  modules: Box[];
  /** Centres of all cells in plant order, xyz after xyz. */
  cells: Float32Array;
  cooling: Box;
}

export interface Placement {
  containers: ContainerPlace[];
  pcs: Box[];
  transformer: Box;
  meter: Box;
  pylon: Point;
  ground: Bounds;
}

const HEIGHT = 2.9;
const WIDTH = 2.44;
const SERVICE = 1.2; // m of the container that belong to cooling and controls
const SHORTEST = 6.06; // a 20 ft container
export const FLOOR = 0.35; // of the lowest module above the ground
const BETWEEN = 0.03;
const AISLE = 3.6; // from container to container

export function placementOf(plant: PlantRow, pcsParts: string[]): Placement {
  const containers = plant.anatomy.containers.map((row, i) => containerPlace(row, -i * (WIDTH + AISLE)));
  const edge = containers.length ? Math.max(...containers.map(({ shell }) => shell.size[0] / 2)) : 0;
  const pcs = pcsParts.map((part, i) => box(part, [edge + 2.57 + 1.75 * i, 1.2, 0], [1.5, 2.2, 1.1]));
  const last = pcs.length ? pcs[pcs.length - 1]!.centre[0] : edge;
  const transformer = box(null, [last + 2.55, 1.05, 0], [1.9, 1.9, 1.5]);
  const meter = box("meter", [last + 4.95, 1.0, 0.1], [0.8, 1.7, 0.5]);
  const pylon: Point = [last + 7.4, 0, -0.4];
  const all = [...containers.map(({ shell }) => shell), ...pcs, transformer, meter];
  const { low, high } = boundsOf(all);
  return {
    containers, pcs, transformer, meter, pylon,
    ground: { low: [low[0] - 2, 0, low[2] - 2], high: [pylon[0] + 2, 0, high[2] + 2.5] },
  };
}

function containerPlace(row: ContainerRow, z: number): ContainerPlace {
  const pack = packOf(row.cells);
  const columns = columnsOf(row.racks, row.modules);
  const step = pack.width + BETWEEN;
  const length = Math.max(SHORTEST, columns.count * step + SERVICE);
  const left = -length / 2 + 0.12;
  const at = (rack: number, module: number): Point => {
    const { column, level } = columns.place(rack, module);
    return [left + (column + 0.5) * step, FLOOR + (level + 0.5) * (pack.height + 0.012), z];
  };
  const cells = new Float32Array(3 * row.racks * row.modules * row.cells);
  const modules: Box[] = [];
  let n = 0;
  for (let rack = 0; rack < row.racks; rack++) {
    for (let module = 0; module < row.modules; module++) {
      const centre = at(rack, module);
      const part = `${row.id}/${segment("rack", rack + 1)}/${segment("module", module + 1)}`;
      modules.push(box(part, centre, [pack.width, pack.height, pack.depth]));
      for (let cell = 0; cell < row.cells; cell++) {
        const [x, y, depth] = cellPlace(pack, cell);
        cells.set([centre[0] + x, centre[1] + y, centre[2] + depth], n);
        n += 3;
      }
    }
  }
  return {
    id: row.id,
    shell: box(row.id, [0, HEIGHT / 2, z], [length, HEIGHT, WIDTH]),
    pack,
    racks: rackBoxes(row, columns, modules),
    modules,
    cells,
    cooling: box(`${row.id}/cooling1`, [length / 2 - SERVICE / 2, 1.25, z], [SERVICE - 0.3, 1.9, WIDTH - 0.5]),
  };
}

function rackBoxes(row: ContainerRow, columns: Columns, modules: Box[]): Box[] {
  return Array.from({ length: row.racks }, (_, rack) => {
    const mine = modules.slice(rack * row.modules, (rack + 1) * row.modules);
    const { low, high } = boundsOf(mine);
    const centre: Point = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
    const margin = columns.count > 0 ? 0.012 : 0;
    return box(`${row.id}/${segment("rack", rack + 1)}`, centre, [
      high[0] - low[0] + margin, high[1] - low[1] + margin, high[2] - low[2] + margin,
    ]);
  });
}

/** Centre of cell `n` (from 0, over the container). */
export function cellCentre(place: ContainerPlace, n: number): Point {
  return [place.cells[3 * n]!, place.cells[3 * n + 1]!, place.cells[3 * n + 2]!];
}

export const CELL_SIZE: Point = [CELL.width, CELL.height, CELL.depth];
