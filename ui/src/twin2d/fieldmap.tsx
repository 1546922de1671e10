/** Thousands of cells (or sensors) on one canvas: one coloured square each, read by pointer or keys, opened by click or Enter. */

import { useEffect, useRef } from "preact/hooks";
import { Quality } from "../figures/quality";
import { theme } from "../page/settings";
import type { CellField } from "../plant/model";
import { shareOf, stepOf, type ColourScale } from "./colour";
import { cellAt, cellUnder, layOut, rackAt, step, type Grid } from "./grid";
import { useWidth } from "./size";
import { SweepCursor } from "./sweepcursor";

export interface FieldMapProps {
  field: CellField;
  values: Float64Array;
  quality: Uint8Array;
  scale: ColourScale | null;
  label: string;
  /** Index that is looked at, -1 for none. */
  cursor: number;
  /** Index whose passport is open, -1 for none. */
  selected: number;
  /** Indices to outline (the highest and the lowest cell). */
  outlined?: number[];
  /** Places of sensors as fractional indices of the field, drawn as rings. */
  sensors?: number[] | null;
  smallest?: number;
  /** Outlines the cells of the request that was answered last. */
  sweep?: boolean;
  onCursor(index: number): void;
  onOpen(index: number): void;
  /** Caption of a rack; `narrow` asks for the short form. */
  rackLabel(rack: number, narrow: boolean): string;
}

interface Ink {
  ground: number;
  mute: number;
  line: string;
  edge: number;
  bad: number;
  odd: number;
}

const WIDE_CAPTION_PX = 58;

export function FieldMap(props: FieldMapProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const scale = Math.min(2, globalThis.devicePixelRatio || 1);
  const { field } = props;
  const grid = width > 0 ? layOut(field.racks, field.modules, field.each, Math.floor(width * scale), scale, props.smallest ?? 5) : null;
  const look = theme.value;

  useEffect(() => {
    if (grid && canvas.current) paint(canvas.current, grid, props, inkOf(look));
  });

  const under = (event: PointerEvent | MouseEvent) => {
    const bounds = canvas.current!.getBoundingClientRect();
    return cellUnder(grid!, (event.clientX - bounds.left) * scale, (event.clientY - bounds.top) * scale);
  };
  return (
    <div class="fieldmap" ref={box}>
      {grid && (
        <div class="fieldmap-frame" style={{ width: `${grid.width / scale}px`, height: `${grid.height / scale}px` }}>
          <canvas
            ref={canvas}
            width={grid.width}
            height={grid.height}
            style={{ width: `${grid.width / scale}px`, height: `${grid.height / scale}px` }}
            tabIndex={0}
            role="application"
            aria-label={props.label}
            aria-describedby="cursor-readout"
            onPointerMove={(event) => {
              const index = under(event);
              if (index >= 0 && index !== props.cursor) props.onCursor(index);
            }}
            onClick={(event) => {
              const index = under(event);
              if (index >= 0) props.onOpen(index);
            }}
            onKeyDown={(event) => {
              const from = Math.max(0, props.cursor);
              const to = step(grid, from, event.key);
              if (to !== from || event.key.startsWith("Arrow")) {
                event.preventDefault();
                props.onCursor(to);
              } else if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                props.onOpen(from);
              }
            }}
          />
          {props.sweep && <SweepCursor field={field} grid={grid} scale={scale} />}
          {Array.from({ length: field.racks }, (_, rack) => {
            const [x, y] = rackAt(grid, rack);
            return (
              <span key={rack} class="rack-caption" data-nav style={{ left: `${x / scale}px`, top: `${y / scale}px` }}>
                {props.rackLabel(rack, (grid.columns * grid.cell) / scale < WIDE_CAPTION_PX)}
              </span>
            );
          })}
        </div>
      )}
    </div>
  );
}

function pixel(css: string): number {
  const n = parseInt(css.trim().slice(1), 16);
  return ((255 << 24) | ((n & 255) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}

const inks = new Map<string, Ink>();

function inkOf(look: string): Ink {
  let ink = inks.get(look);
  if (!ink) inks.set(look, (ink = readInk()));
  return ink;
}

function readInk(): Ink {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name) || "#808080";
  return { ground: pixel(of("--panel")), mute: pixel(of("--hatch")), line: of("--text").trim(), edge: pixel(of("--text")), bad: pixel(of("--bad")), odd: pixel(of("--odd")) };
}

function paint(canvas: HTMLCanvasElement, grid: Grid, props: FieldMapProps, ink: Ink): void {
  // pixels are made by the processor: a picture kept on the graphics card would wait for the machine to be drawn there
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context || grid.width === 0) return;
  const image = context.createImageData(grid.width, grid.height);
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(ink.ground);
  const total = grid.racks * grid.modules * grid.each;
  for (let i = 0; i < total; i++) paintCell(pixels, grid, i, props, ink);
  context.putImageData(image, 0, 0);
  drawMarks(context, grid, props, ink);
}

function paintCell(pixels: Uint32Array, grid: Grid, i: number, { values, quality, scale }: FieldMapProps, ink: Ink): void {
  const [x0, y0] = cellAt(grid, i);
  const size = grid.cell > 3 ? grid.cell - 1 : grid.cell;
  const state = quality[i]!;
  const value = values[i]!;
  const known = scale !== null && Number.isFinite(value);
  const share = known ? shareOf(scale, value) : 0;
  const colour = known ? scale.ramp.pixels[stepOf(share)]! : ink.mute;
  const edge = known && (share < -0.001 || share > 1.001) ? ink.edge : state === Quality.Implausible ? ink.odd : state >= Quality.Exception && state !== Quality.NotMapped ? ink.bad : 0;
  for (let y = 0; y < size; y++) {
    const row = (y0 + y) * grid.width + x0;
    for (let x = 0; x < size; x++) {
      let ink_ = colour;
      if (!known && (x0 + x + y0 + y) % 4 > 1) ink_ = ink.ground;
      else if (known && state === Quality.Stale && (x0 + x + y0 + y) % 4 === 0) ink_ = ink.ground;
      if (edge && (x === 0 || y === 0 || x === size - 1 || y === size - 1)) ink_ = edge;
      pixels[row + x] = ink_;
    }
  }
}

function drawMarks(context: CanvasRenderingContext2D, grid: Grid, props: FieldMapProps, ink: Ink): void {
  const size = grid.cell > 3 ? grid.cell - 1 : grid.cell;
  if (props.sensors) {
    context.lineWidth = Math.max(1, grid.cell / 8);
    for (const place of props.sensors) {
      const [x, y] = cellAt(grid, place);
      context.beginPath();
      context.arc(x + size / 2, y + size / 2, Math.max(1.5, grid.cell * 0.28), 0, 7);
      context.strokeStyle = "#000";
      context.fillStyle = "#fff";
      context.fill();
      context.stroke();
    }
  }
  const box = (index: number, grow: number, inner: string, outer: string) => {
    const [x, y] = cellAt(grid, index);
    context.lineWidth = grow + 2;
    context.strokeStyle = outer;
    context.strokeRect(x - grow / 2 - 0.5, y - grow / 2 - 0.5, size + grow + 1, size + grow + 1);
    context.lineWidth = grow;
    context.strokeStyle = inner;
    context.strokeRect(x - grow / 2 - 0.5, y - grow / 2 - 0.5, size + grow + 1, size + grow + 1);
  };
  for (const index of props.outlined ?? []) box(index, 2, "#fff", "#000");
  if (props.selected >= 0) box(props.selected, 3, "#fff", "#000");
  if (props.cursor >= 0) box(props.cursor, 2, ink.line, "#000");
}
