/** A figure over time: the band between its lowest and highest value, and its mean. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { writeNumber } from "../figures/units";
import { language } from "../i18n";
import type { Columns } from "./columns";

const HEIGHT = 170;
const DAY_S = 86_400;

export interface Plot {
  draw(columns: Columns, fromMs: number, toMs: number, unit: string, decimals: number): void;
  close(): void;
}

/** A chart in an element; `choose` is told the moment (ms) that somebody clicks on. */
export function openPlot(box: HTMLElement, choose: (ms: number) => void): Plot {
  let chart: uPlot | null = null;
  const observer = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
  observer.observe(box);
  return {
    draw(columns, fromMs, toMs, unit, decimals) {
      chart?.destroy();
      const data: uPlot.AlignedData = [columns.t, columns.low, columns.high, columns.mean];
      chart = new uPlot(optionsOf(box.clientWidth, unit, decimals, [fromMs / 1000, toMs / 1000]), data, box);
      const over = chart.over;
      over.addEventListener("click", () => {
        const left = chart?.cursor.left;
        if (chart && left !== undefined && left >= 0) choose(Math.round(chart.posToVal(left, "x") * 1000));
      });
    },
    close() {
      observer.disconnect();
      chart?.destroy();
    },
  };
}

function optionsOf(width: number, unit: string, decimals: number, span: [number, number]): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = "11px system-ui, sans-serif";
  const line = { stroke: colour("--line"), width: 1 };
  const axis: uPlot.Axis = { stroke: colour("--muted"), font, grid: line, ticks: line };
  const write = (value: number, most: number) => writeNumber(value, Math.min(decimals, most), language.value);
  const locale = language.value === "de" ? "de-DE" : "en-GB";
  const days = span[1] - span[0] > 1.5 * DAY_S;
  const when = (s: number) => {
    const at = new Date(s * 1000);
    return days ? at.toLocaleDateString(locale, { day: "2-digit", month: "2-digit" }) : at.toTimeString().slice(0, span[1] - span[0] > 3600 ? 5 : 8);
  };
  const edge: uPlot.Series = { stroke: colour("--muted"), width: 0.5, points: { show: false }, spanGaps: false };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { range: () => span }, y: { range: (_chart, low, high) => padded(low, high, decimals) } },
    bands: [{ series: [2, 1], fill: colour("--line") }],
    axes: [
      { ...axis, values: (_chart, times) => times.map(when), space: 70 },
      { ...axis, size: 62, label: unit, labelSize: 14, labelFont: font, values: (_chart, ticks, _axis, _space, step) => ticks.map((tick) => write(tick, Math.max(0, Math.ceil(-Math.log10(step))))) },
    ],
    series: [{}, edge, edge, { stroke: colour("--text"), width: 1.5, points: { show: false }, spanGaps: false }],
  };
}

function padded(low: number, high: number, decimals: number): [number, number] {
  const span = Math.max(high - low, 4 * 10 ** -decimals);
  const middle = (low + high) / 2;
  return [middle - span * 0.6, middle + span * 0.6];
}
