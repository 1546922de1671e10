/** A chart of several figures: an axis for each unit, holes and what was left out, marks of what happened, where now is. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { writeNumber } from "../figures/units";
import { language } from "../i18n";
import type { Columns } from "./columns";
import type { Mark } from "./marks";
import { together } from "./together";

const HEIGHT = 340;
const NARROW = 560;
const DAY_S = 86_400;
const STRIP = 4;

export interface Line {
  columns: Columns;
  unit: string;
  decimals: number;
  colour: string;
  /** Spans (s since the epoch, length s) that brought sweeps without a value. */
  leftOut: [number, number][];
}

export interface Shown {
  lines: Line[];
  from: number;
  to: number;
  marks: Mark[];
  /** ms since the epoch; where the record ends while it grows, null where it does not */
  now: number | null;
  /** ms since the epoch of the moment that the page shows */
  moment: number | null;
}

export interface Chart {
  draw(shown: Shown): void;
  close(): void;
}

interface Told {
  /** A part of the plot was drawn over: look at that. */
  zoom(fromMs: number, toMs: number): void;
  choose(ms: number): void;
}

export function openChart(box: HTMLElement, told: Told): Chart {
  let chart: uPlot | null = null;
  const observer = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
  observer.observe(box);
  return {
    draw(shown) {
      chart?.destroy();
      const { t, rows } = together(shown.lines.map((line) => line.columns));
      const data = [t, ...rows.flatMap((row) => [row.low, row.high, row.mean])] as uPlot.AlignedData;
      chart = new uPlot(optionsOf(box.clientWidth, shown, told), data, box);
      const over = chart.over;
      let pressed = 0;
      over.addEventListener("pointerdown", (event) => (pressed = event.clientX));
      over.addEventListener("click", (event) => {
        const left = chart?.cursor.left;
        if (chart && left !== undefined && left >= 0 && Math.abs(event.clientX - pressed) < 4) told.choose(Math.round(chart.posToVal(left, "x") * 1000));
      });
    },
    close() {
      observer.disconnect();
      chart?.destroy();
      chart = null;
    },
  };
}

function optionsOf(width: number, shown: Shown, told: Told): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = "11px system-ui, sans-serif";
  const grid = { stroke: colour("--line"), width: 1 };
  const locale = language.value === "de" ? "de-DE" : "en-GB";
  const span: [number, number] = [shown.from / 1000, shown.to / 1000];
  const length = span[1] - span[0];
  const when = (s: number) => {
    const at = new Date(s * 1000);
    return length > 1.5 * DAY_S ? at.toLocaleDateString(locale, { day: "2-digit", month: "2-digit" }) : at.toTimeString().slice(0, length > 3600 ? 5 : 8);
  };
  const units = [...new Set(shown.lines.map((line) => line.unit))];
  const scales: uPlot.Scales = { x: { range: () => span } };
  const axes: uPlot.Axis[] = [{ stroke: colour("--muted"), font, grid, ticks: grid, values: (_chart, times) => times.map(when), space: 70 }];
  units.forEach((unit, k) => {
    const mine = shown.lines.filter((line) => line.unit === unit);
    const decimals = Math.max(...mine.map((line) => line.decimals));
    scales[keyOf(unit)] = { range: (_chart, low, high) => padded(low, high, decimals) };
    axes.push({
      scale: keyOf(unit),
      side: k === 0 ? 3 : 1,
      // an axis that one figure has alone is in its colour
      stroke: mine.length === 1 && units.length > 1 ? mine[0]!.colour : colour("--muted"),
      font,
      grid: k === 0 ? grid : { show: false },
      ticks: grid,
      size: width < NARROW ? 46 : 62,
      label: unit,
      labelSize: 14,
      labelFont: font,
      values: (_chart, ticks, _axis, _space, step) => ticks.map((tick) => writeNumber(tick, Math.min(decimals, Math.max(0, Math.ceil(-Math.log10(step)))), language.value)),
    });
  });
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  shown.lines.forEach((line, k) => {
    const edge: uPlot.Series = { scale: keyOf(line.unit), stroke: faded(line.colour, 0.45), width: 0.5, points: { show: false }, spanGaps: false };
    series.push(edge, edge, { scale: keyOf(line.unit), stroke: line.colour, width: 1.6, points: { show: false }, spanGaps: false });
    bands.push({ series: [3 * k + 2, 3 * k + 1], fill: faded(line.colour, 0.18) });
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales,
    bands,
    axes,
    series,
    hooks: {
      drawClear: [(chart) => drawHoles(chart, shown, colour("--hatch"))],
      draw: [(chart) => drawMarks(chart, shown, { bad: colour("--bad"), odd: colour("--odd"), text: colour("--text"), muted: colour("--muted") })],
      setSelect: [
        (chart) => {
          const { left, width: wide } = chart.select;
          if (wide < 6) return;
          told.zoom(chart.posToVal(left, "x") * 1000, chart.posToVal(left + wide, "x") * 1000);
        },
      ],
    },
  };
}

const keyOf = (unit: string) => `unit ${unit}`;

/** Stretches in which no figure has a sweep, hatched behind everything. */
function drawHoles(chart: uPlot, shown: Shown, hatch: string): void {
  const [first] = shown.lines;
  if (!first) return;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  for (const line of shown.lines) {
    const { t, mean, low } = line.columns;
    for (let i = 1; i < t.length - 1; i++) {
      // a hole is a row of nulls that columnsOf put there; a span that brought nothing good is marked below
      if (mean[i] !== null || low[i] !== null || !line.columns.holes.has(i)) continue;
      const left = chart.valToPos(t[i]!, "x", true);
      const right = chart.valToPos(t[i + 1]!, "x", true);
      ctx.rect(left, bbox.top, Math.max(1, right - left), bbox.height);
    }
  }
  ctx.clip();
  ctx.strokeStyle = hatch;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += 8) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function drawMarks(chart: uPlot, shown: Shown, ink: Record<"bad" | "odd" | "text" | "muted", string>): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio || 1;
  const at = (ms: number) => Math.round(chart.valToPos(ms / 1000, "x", true));
  const inside = (x: number) => x >= bbox.left && x <= bbox.left + bbox.width;
  ctx.save();
  shown.lines.forEach((line, k) => {
    ctx.fillStyle = line.colour;
    for (const [s, length] of line.leftOut) {
      const left = Math.max(bbox.left, chart.valToPos(s, "x", true));
      const right = Math.min(bbox.left + bbox.width, chart.valToPos(s + length, "x", true));
      if (right > left) ctx.fillRect(left, bbox.top + bbox.height - (k + 1) * STRIP * scale, Math.max(scale, right - left), (STRIP - 1) * scale);
    }
  });
  const upright = (ms: number, colour: string, dash: number[], width: number) => {
    const x = at(ms);
    if (!inside(x)) return;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * scale;
    ctx.setLineDash(dash.map((part) => part * scale));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  };
  for (const mark of shown.marks) {
    const colour = mark.kind === "alarm" ? ink.bad : mark.kind === "link" ? ink.odd : ink.muted;
    upright(mark.t, colour, [3, 3], 1);
    if (mark.end !== null) {
      const [left, right] = [Math.max(bbox.left, at(mark.t)), Math.min(bbox.left + bbox.width, at(mark.end))];
      ctx.fillStyle = faded(colour, 0.5);
      if (right > left) ctx.fillRect(left, bbox.top, right - left, 3 * scale);
    }
  }
  if (shown.moment !== null) upright(shown.moment, ink.text, [], 1.5);
  if (shown.now !== null) upright(shown.now, ink.text, [6, 3], 1.5);
  ctx.restore();
}

function faded(colour: string, share: number): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}${Math.round(share * 255).toString(16).padStart(2, "0")}` : colour;
}

function padded(low: number | null, high: number | null, decimals: number): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const span = Math.max(high - low, 4 * 10 ** -decimals);
  const middle = (low + high) / 2;
  return [middle - span * 0.58, middle + span * 0.58];
}
