import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { writeNumber } from "../figures/units";
import { language } from "../i18n";

const HEIGHT = 150;

export interface Plot {
  draw(timesMs: number[], values: (number | null)[], unit: string, decimals: number): void;
  close(): void;
}

/** A line chart of one figure in an element; it follows the element's width. */
export function openPlot(box: HTMLElement): Plot {
  let chart: uPlot | null = null;
  let shownUnit: string | null = null;
  const observer = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
  observer.observe(box);
  return {
    draw(timesMs, values, unit, decimals) {
      const data: uPlot.AlignedData = [timesMs.map((ms) => ms / 1000), values];
      if (chart && shownUnit === unit) {
        chart.setData(data);
        return;
      }
      chart?.destroy();
      shownUnit = unit;
      chart = new uPlot(optionsOf(box.clientWidth, unit, decimals), data, box);
    },
    close() {
      observer.disconnect();
      chart?.destroy();
    },
  };
}

function optionsOf(width: number, unit: string, decimals: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = "11px system-ui, sans-serif";
  const axis: uPlot.Axis = { stroke: colour("--muted"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const write = (value: number, most: number) => writeNumber(value, Math.min(decimals, most), language.value);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_chart, low, high) => padded(low, high, decimals) } },
    axes: [
      { ...axis, values: (_chart, times) => times.map((s) => new Date(s * 1000).toTimeString().slice(0, 8)), space: 80 },
      { ...axis, size: 62, label: unit, labelSize: 14, labelFont: font, values: (_chart, ticks, _axis, _space, step) => ticks.map((tick) => write(tick, Math.max(0, Math.ceil(-Math.log10(step))))) },
    ],
    series: [{}, { stroke: colour("--text"), width: 1.5, points: { show: false }, spanGaps: false }],
  };
}

// a flat line is drawn in the middle, not as noise blown up to the whole height
function padded(low: number, high: number, decimals: number): [number, number] {
  const span = Math.max(high - low, 4 * 10 ** -decimals);
  const middle = (low + high) / 2;
  return [middle - span * 0.6, middle + span * 0.6];
}
