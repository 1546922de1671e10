/** The request that was answered last, as an outline around its cells; it moves through the field as the sweep did. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { live, model, paused } from "../figures/snapshot";
import type { CellField } from "../plant/model";
import { cellAt, type Grid } from "./grid";
import { cellsOfBlocks, Replay } from "./sweep";

const EVERY_MS = 40;
/** The newest and those before it, fainter. */
const TRAIL = [1, 0.6, 0.4, 0.25, 0.15];
const STILL_MS = 1000;

export function SweepCursor({ field, grid, scale }: { field: CellField; grid: Grid; scale: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const of = model.value!;
  const cells = useMemo(() => cellsOfBlocks(field.points, of.schema.points.block), [of, field]);
  const replay = useMemo(() => new Replay([...cells.keys()], TRAIL.length), [cells]);
  const shown = live.value;
  useEffect(() => {
    if (shown) replay.take(shown.frame.blockMs);
  }, [shown, replay]);
  useEffect(() => {
    // where motion is unwanted it only steps, once a second
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let drawn = "";
    let before = performance.now();
    const draw = () => {
      const passed = performance.now() - before;
      before += passed;
      if (!canvas.current || paused.peek() || document.hidden) return;
      const blocks = replay.step(passed);
      const key = blocks.join();
      if (key === drawn || blocks.length === 0) return;
      drawn = key;
      canvas.current.dataset["block"] = String(blocks[0]);
      outline(canvas.current, grid, blocks.map((block) => cells.get(block)!));
    };
    const timer = setInterval(draw, still ? STILL_MS : EVERY_MS);
    return () => clearInterval(timer);
  }, [grid.width, grid.height, cells, replay]);
  return <canvas ref={canvas} class="sweep-cursor" width={grid.width} height={grid.height} aria-hidden="true" style={{ width: `${grid.width / scale}px`, height: `${grid.height / scale}px` }} />;
}

/** Draws the outer edge of each set of cells, the first the strongest. */
function outline(canvas: HTMLCanvasElement, grid: Grid, sets: number[][]): void {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.clearRect(0, 0, grid.width, grid.height);
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--strong");
  const size = grid.cell;
  for (const [n, cells] of [...sets.entries()].reverse()) {
    const corners = new Set(cells.map((cell) => cellAt(grid, cell).join()));
    context.globalAlpha = TRAIL[n]!;
    context.beginPath();
    for (const cell of cells) {
      const [x, y] = cellAt(grid, cell);
      const side = (dx: number, dy: number, ax: number, ay: number, bx: number, by: number) => {
        if (corners.has([x + dx * size, y + dy * size].join())) return;
        context.moveTo(x + ax * size - 0.5, y + ay * size - 0.5);
        context.lineTo(x + bx * size - 0.5, y + by * size - 0.5);
      };
      side(0, -1, 0, 0, 1, 0);
      side(0, 1, 0, 1, 1, 1);
      side(-1, 0, 0, 0, 0, 1);
      side(1, 0, 1, 0, 1, 1);
    }
    context.lineWidth = n === 0 ? 3 : 2;
    context.strokeStyle = ink;
    context.stroke();
  }
  context.globalAlpha = 1;
}
