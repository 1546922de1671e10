/** Where each cell stands in the picture: racks side by side, their modules stacked, cells row by row in a module. */

export interface Grid {
  racks: number;
  modules: number;
  each: number;
  /** Columns and rows of cells in one module. */
  columns: number;
  rows: number;
  racksPerLine: number;
  /** Edge of a cell, gaps between modules and racks, height of a rack's caption; all in device pixels. */
  cell: number;
  gap: number;
  rackGap: number;
  caption: number;
  width: number;
  height: number;
}

/** Columns of cells in a module: the divisor of `each` that makes it a little higher than wide. */
export function columnsOf(each: number): number {
  const ideal = Math.sqrt(each * 0.6);
  const divisors = Array.from({ length: each }, (_, i) => i + 1).filter((n) => each % n === 0);
  const best = divisors.reduce((a, b) => (Math.abs(b - ideal) < Math.abs(a - ideal) ? b : a), each);
  return each / best > 4 * best || best > 4 * (each / best) ? Math.ceil(ideal) : best;
}

/** No field is higher than this, in CSS pixels, while flatter modules make it lower. */
const HIGHEST = 640;

/**
 * Lays a field out in `width` device pixels; `smallest` is the smallest cell a finger or an eye can find. Many small
 * modules in a rack would make a narrow tower: they are drawn flatter, as flat as it takes.
 */
export function layOut(racks: number, modules: number, each: number, width: number, scale: number, smallest: number): Grid {
  const usual = layOutWith(columnsOf(each), Infinity, racks, modules, each, width, scale, smallest);
  if (usual.height <= HIGHEST * scale) return usual;
  const flatter = Array.from({ length: each }, (_, i) => i + 1)
    .filter((columns) => each % columns === 0 && columns > usual.columns)
    .map((columns) => layOutWith(columns, HIGHEST * scale, racks, modules, each, width, scale, smallest))
    .filter((grid) => grid.height <= HIGHEST * scale && grid.cell >= smallest * scale && grid.racksPerLine === usual.racksPerLine);
  return flatter.reduce((best, grid) => (best === usual || grid.cell > best.cell ? grid : best), usual);
}

function layOutWith(columns: number, highest: number, racks: number, modules: number, each: number, width: number, scale: number, smallest: number): Grid {
  const rows = Math.ceil(each / columns);
  const rackGap = Math.round(8 * scale);
  const gap = Math.round(3 * scale);
  const caption = Math.round(18 * scale);
  const fit = (line: number) => Math.floor((width - (line - 1) * rackGap) / (line * columns));
  const lines = [racks, ...[2, 3, 4, 6, 12].filter((n) => racks % n === 0 && racks / n < racks).map((n) => racks / n)];
  const racksPerLine = lines.find((line) => fit(line) >= smallest * scale) ?? lines[lines.length - 1]!;
  const lineCount = Math.ceil(racks / racksPerLine);
  const room = (highest - (lineCount - 1) * rackGap) / lineCount - caption - (modules - 1) * gap;
  const cell = Math.max(2, Math.min(fit(racksPerLine), Math.round(16 * scale), Math.floor(room / (modules * rows))));
  const perRack = caption + modules * rows * cell + (modules - 1) * gap;
  return {
    racks, modules, each, columns, rows, racksPerLine, cell, gap, rackGap, caption,
    width: racksPerLine * columns * cell + (racksPerLine - 1) * rackGap,
    height: lineCount * perRack + (lineCount - 1) * rackGap,
  };
}

/** Upper left corner of a rack, in device pixels. */
export function rackAt(grid: Grid, rack: number): [x: number, y: number] {
  const line = Math.floor(rack / grid.racksPerLine);
  const perRack = grid.caption + grid.modules * grid.rows * grid.cell + (grid.modules - 1) * grid.gap;
  return [(rack % grid.racksPerLine) * (grid.columns * grid.cell + grid.rackGap), line * (perRack + grid.rackGap)];
}

/** Upper left corner of the cell with an index in its field. Fractions give places between cells. */
export function cellAt(grid: Grid, index: number): [x: number, y: number] {
  const whole = Math.floor(index);
  const n = whole % grid.each;
  const module = Math.floor(whole / grid.each) % grid.modules;
  const [x, y] = rackAt(grid, Math.floor(whole / (grid.each * grid.modules)));
  return [
    x + (n % grid.columns) * grid.cell,
    y + grid.caption + module * (grid.rows * grid.cell + grid.gap) + Math.floor(n / grid.columns) * grid.cell,
  ];
}

/** The cell under a place, -1 between them. */
export function cellUnder(grid: Grid, x: number, y: number): number {
  const perRack = grid.caption + grid.modules * grid.rows * grid.cell + (grid.modules - 1) * grid.gap;
  const column = Math.floor(x / (grid.columns * grid.cell + grid.rackGap));
  const line = Math.floor(y / (perRack + grid.rackGap));
  const rack = line * grid.racksPerLine + column;
  if (column < 0 || column >= grid.racksPerLine || rack < 0 || rack >= grid.racks) return -1;
  const [left, top] = rackAt(grid, rack);
  const inside = y - top - grid.caption;
  const module = Math.floor(inside / (grid.rows * grid.cell + grid.gap));
  const cx = Math.floor((x - left) / grid.cell);
  const cy = Math.floor((inside - module * (grid.rows * grid.cell + grid.gap)) / grid.cell);
  const n = cy * grid.columns + cx;
  if (inside < 0 || module < 0 || module >= grid.modules || cx < 0 || cx >= grid.columns || cy < 0 || cy >= grid.rows || n >= grid.each) return -1;
  return (rack * grid.modules + module) * grid.each + n;
}

/** The cell that an arrow key leads to from another: to the neighbour on the picture, across modules and racks. */
export function step(grid: Grid, index: number, key: string): number {
  const n = index % grid.each;
  const module = Math.floor(index / grid.each) % grid.modules;
  const rack = Math.floor(index / (grid.each * grid.modules));
  const cx = n % grid.columns;
  const cy = Math.floor(n / grid.columns);
  const to = (r: number, m: number, x: number, y: number) => {
    const inside = y * grid.columns + x;
    return r < 0 || r >= grid.racks || m < 0 || m >= grid.modules || inside >= grid.each ? index : (r * grid.modules + m) * grid.each + inside;
  };
  if (key === "ArrowRight") return cx + 1 < grid.columns ? to(rack, module, cx + 1, cy) : to(rack + 1, module, 0, cy);
  if (key === "ArrowLeft") return cx > 0 ? to(rack, module, cx - 1, cy) : to(rack - 1, module, grid.columns - 1, cy);
  if (key === "ArrowDown") return cy + 1 < grid.rows ? to(rack, module, cx, cy + 1) : to(rack, module + 1, cx, 0);
  if (key === "ArrowUp") return cy > 0 ? to(rack, module, cx, cy - 1) : to(rack, module - 1, cx, grid.rows - 1);
  if (key === "PageDown") return to(rack, module + 1, cx, cy);
  if (key === "PageUp") return to(rack, module - 1, cx, cy);
  if (key === "Home") return 0;
  if (key === "End") return grid.racks * grid.modules * grid.each - 1;
  return index;
}
