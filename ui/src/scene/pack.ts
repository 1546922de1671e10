/**
 * How a module holds its cells and a container its modules, from their numbers alone.
 *
 * A prismatic 314 Ah cell is 174.7 × 207.5 × 71.7 mm (drawing size of the class). Cells stand in as few rows as keep a
 * module within the depth of a container; modules lie in columns of at most eight, a column takes several small racks or
 * part of a large one.
 */

export const CELL = { width: 0.1747, height: 0.2075, depth: 0.0717 };
const GAP = 0.0015; // between cells
const WALL = 0.03; // of a module's tray
const DEPTH = 2.1; // of a container, for a module's cells
const STACK = 8; // modules above each other

export interface Pack {
  rows: number;
  /** Cells of a row, from the front to the back. */
  length: number;
  width: number;
  height: number;
  depth: number;
}

export function packOf(cells: number): Pack {
  const rows = Math.max(1, Math.ceil((cells * (CELL.depth + GAP)) / DEPTH));
  const length = Math.ceil(cells / rows);
  return {
    rows,
    length,
    width: rows * (CELL.width + GAP) + WALL,
    height: CELL.height + 0.045,
    depth: length * (CELL.depth + GAP) + WALL,
  };
}

/** Where cell `n` (from 0) stands in its module, relative to the module's centre: rows run to and fro as busbars do. */
export function cellPlace(pack: Pack, n: number): [number, number, number] {
  const row = Math.floor(n / pack.length);
  const along = n % pack.length;
  const at = row % 2 === 0 ? along : pack.length - 1 - along;
  return [
    (row - (pack.rows - 1) / 2) * (CELL.width + GAP),
    0,
    ((pack.length - 1) / 2 - at) * (CELL.depth + GAP),
  ];
}

export interface Columns {
  count: number;
  /** Column and height (from 0) of module `m` of rack `r`, both from 0. */
  place(rack: number, module: number): { column: number; level: number };
}

export function columnsOf(racks: number, modules: number): Columns {
  if (modules > STACK) {
    const each = Math.ceil(modules / STACK);
    return {
      count: racks * each,
      place: (rack, module) => ({ column: rack * each + Math.floor(module / STACK), level: module % STACK }),
    };
  }
  const share = Math.max(1, Math.floor(STACK / modules));
  return {
    count: Math.ceil(racks / share),
    place: (rack, module) => ({ column: Math.floor(rack / share), level: (rack % share) * modules + module }),
  };
}
