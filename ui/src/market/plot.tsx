/** The frame of a plot: its width followed, lines across with their numbers; what is drawn in it is the caller's. */

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { decimalsFor } from "../twin2d/bars";
import { useWidth } from "../twin2d/size";
import { ticks } from "../twin2d/statistics";
import { number } from "./write";

export interface Frame {
  width: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface PlotProps {
  label: string;
  height: number;
  children: (frame: Frame) => ComponentChildren;
}

const LEFT = 46;
const RIGHT = 8;

export function Plot({ label, height, children }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  return (
    <div class="market-plot" ref={box}>
      {width > 0 && (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
          {children({ width, left: LEFT, right: width - RIGHT, top: 10, bottom: height - 22 })}
        </svg>
      )}
    </div>
  );
}

/** Lines across at round numbers, named at the left. */
export function Across({ frame, from, to, y, count = 4, unit }: { frame: Frame; from: number; to: number; y: (value: number) => number; count?: number; unit?: string }) {
  const marks = ticks(from, to, count);
  return (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={frame.left} x2={frame.right} y1={y(mark)} y2={y(mark)} class={Math.abs(mark) < 1e-9 ? "baseline" : "gridline"} />
          <text x={frame.left - 6} y={y(mark) + 4} class="tick" text-anchor="end">
            {number(mark, decimalsFor(marks))}
          </text>
        </g>
      ))}
      {unit && (
        <text x={frame.left + 4} y={frame.top + 9} class="tick market-unit">
          {unit}
        </text>
      )}
    </>
  );
}

/** A scale from numbers to pixels. */
export function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const per = (end - start) / (to - from || 1);
  return (value) => start + (value - from) * per;
}

/** Bounds that hold all values and zero, with a little air. */
export function bounds(values: number[]): [number, number] {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const air = (high - low || 1) * 0.04;
  return [low < 0 ? low - air : 0, high + air];
}
