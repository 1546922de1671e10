/** The parts of one rack over time: a row for each cell, a column for each span, a colour for each mean. */

import { useEffect, useRef, useState } from "preact/hooks";
import { displayOf, writeNumber } from "../figures/units";
import { model } from "../figures/snapshot";
import { language } from "../i18n";
import { navigate, openFigure } from "../page/route";
import { theme } from "../page/settings";
import { above, partTitle, splitId } from "../plant/parts";
import { cividis, stepOf } from "../twin2d/colour";
import { useWidth } from "../twin2d/size";
import { past } from "./api";
import { csvOfField, save } from "./csv";
import { rangeOf, type Field } from "./field";
import type { Mark } from "./marks";
import type { Window } from "./spans";
import { say } from "./texts";

const METRICS = ["cell.voltage", "cell.temperature", "sensor.temperature"] as const;
const COLUMNS = 320;
const HEIGHT = 360;
const LEFT_OUT = 0;

interface HeatProps {
  window: Window;
  at: string | null;
  moment: number | null;
  marks: Mark[];
}

export function HeatMap({ window: span, at, moment, marks }: HeatProps) {
  const of = model.value;
  const metrics = METRICS.filter((metric) => of?.schema.points.metric.includes(metric));
  const [wanted, setWanted] = useState<string>("cell.voltage");
  const metric = metrics.includes(wanted as (typeof METRICS)[number]) ? wanted : metrics[0];
  const racks = of && metric ? [...new Set(of.schema.points.part.flatMap((part, i) => (of.schema.points.metric[i] === metric ? [above(part, "rack") ?? part.split("/")[0]!] : [])))] : [];
  const part = at && racks.includes(above(at, "rack") ?? at) ? (above(at, "rack") ?? at) : (racks[0] ?? null);
  const [field, setField] = useState<Field | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [cursor, setCursor] = useState<[number, number]>([0, 0]);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const speaks = language.value;
  const look = theme.value;
  useEffect(() => {
    if (!metric || !part) return undefined;
    let over = false;
    past.field(metric, part, span.from, span.to, COLUMNS, speaks).then(
      (found) => {
        if (over) return;
        setField(found);
        setError(null);
      },
      (reason: Error) => {
        if (over) return;
        setField(null);
        setError(reason.message);
      },
    );
    return () => void (over = true);
  }, [metric, part, span.from, span.to, speaks]);
  const range = field ? rangeOf(field) : null;
  const display = field && range ? displayOf(field.unit, splitId(field.id[0]!).metric, Math.max(Math.abs(range[0]), Math.abs(range[1])), null) : null;
  useEffect(() => {
    if (field && canvas.current && width > 0) paint(canvas.current, field, range, span, moment, marks);
  }, [field, width, look, moment, marks]);
  if (!of || !metric || !part) return null;
  const cell = (event: PointerEvent | MouseEvent): [number, number] | null => {
    const bounds = canvas.current!.getBoundingClientRect();
    if (!field) return null;
    const ms = span.from + ((event.clientX - bounds.left) / bounds.width) * (span.to - span.from);
    const m = Math.floor((ms - field.begin_ms) / field.step_ms);
    const k = Math.floor(((event.clientY - bounds.top) / bounds.height) * field.id.length);
    return k >= 0 && k < field.id.length && m >= 0 && m < field.spans ? [k, m] : null;
  };
  const [k, m] = field ? [Math.min(cursor[0], field.id.length - 1), Math.min(cursor[1], field.spans - 1)] : [0, 0];
  const keys: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const write = (value: number) => (display ? `${writeNumber(value * display.factor, display.decimals, speaks)} ${display.unit}` : "—");
  return (
    <section class="picture" aria-labelledby="heat-title" data-field={field ? `${part} ${field.spans}` : undefined}>
      <h2 id="heat-title">{say("heat")}</h2>
      <div class="history-bar">
        <label>
          <span class="hidden">{say("rack")}</span>
          <select class="switch" value={part} onChange={(event) => navigate({ at: event.currentTarget.value })} data-nav>
            {racks.map((one) => (
              <option key={one} value={one}>
                {partTitle(one)}
              </option>
            ))}
          </select>
        </label>
        <div class="segmented" role="group" aria-label={say("metric")}>
          {metrics.map((one) => (
            <button key={one} type="button" aria-pressed={one === metric} onClick={() => setWanted(one)}>
              {say(one)}
            </button>
          ))}
        </div>
        <button type="button" class="switch" disabled={!field} onClick={() => field && save(`${part.replaceAll("/", "-")}.csv`, csvOfField(field, display?.factor ?? 1, display?.unit ?? field.unit))}>
          {say("csv")}
        </button>
      </div>
      {error && <p class="failure">✕ {error}</p>}
      <div ref={box} class="heat">
        <canvas
          ref={canvas}
          hidden={!field}
          tabIndex={0}
          role="application"
          aria-label={say("heat_label", { part: partTitle(part), metric: say(metric as (typeof METRICS)[number]) })}
          aria-describedby="heat-readout"
          onPointerMove={(event) => {
            const found = cell(event);
            if (found) setCursor(found);
          }}
          onClick={(event) => {
            const found = cell(event);
            if (found && field) navigate({ time: Math.round(field.begin_ms + (found[1] + 0.5) * field.step_ms) });
          }}
          onKeyDown={(event) => {
            const move = keys[event.key];
            if (move && field) {
              event.preventDefault();
              setCursor([Math.max(0, Math.min(field.id.length - 1, k + move[0])), Math.max(0, Math.min(field.spans - 1, m + move[1]))]);
            } else if (event.key === "Enter" && field) {
              event.preventDefault();
              openFigure(field.id[k]!);
            }
          }}
        />
      </div>
      {field && (
        <>
          <p id="heat-readout" class="heat-readout" aria-live="polite" data-readout>
            <span data-nav>
              {partTitle(field.part[k]!)} · {new Date(field.begin_ms + m * field.step_ms).toLocaleString(speaks === "de" ? "de-DE" : "en-GB")}
            </span>
            {": "}
            {readout(field, k, m, write)}
          </p>
          {range && (
            <p class="heat-scale" data-scale>
              {write(range[0])} <Ramp /> {write(range[1])} <span class="muted">{say("heat_note", { source: say(`from_${field.source}` as "from_sweeps") })}</span>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function readout(field: Field, k: number, m: number, write: (value: number) => string): string {
  const at = k * field.spans + m;
  const [good, left] = [field.count[at]!, field.leftOut[at]!];
  if (good + left === 0) return say("no_sweep");
  if (good === LEFT_OUT) return say("no_value", { n: left });
  const values = `${write(field.mean[at]!)} (${write(field.low[at]!)} … ${write(field.high[at]!)})`;
  return left ? `${values}, ${say("left_some", { n: left })}` : values;
}

function Ramp() {
  const stops = 12;
  return (
    <svg class="ramp" viewBox={`0 0 ${stops} 1`} preserveAspectRatio="none" aria-hidden="true">
      {Array.from({ length: stops }, (_, i) => (
        <rect key={i} x={i} y={0} width={1.02} height={1} fill={cividis.css(i / (stops - 1))} />
      ))}
    </svg>
  );
}

function paint(canvas: HTMLCanvasElement, field: Field, range: [number, number] | null, span: Window, moment: number | null, marks: Mark[]): void {
  const scale = Math.min(2, devicePixelRatio || 1);
  const wide = Math.max(1, Math.floor(canvas.parentElement!.clientWidth * scale));
  const high = HEIGHT * scale;
  canvas.width = wide;
  canvas.height = high;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return;
  const style = getComputedStyle(document.documentElement);
  const ink = (name: string) => style.getPropertyValue(name).trim();
  const pixel = (css: string) => {
    const n = parseInt(css.slice(1), 16);
    return ((255 << 24) | ((n & 255) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
  };
  const [ground, odd] = [pixel(ink("--panel")), pixel(ink("--odd"))];
  const image = context.createImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  const rows = field.id.length;
  const [low, size] = range ? [range[0], Math.max(range[1] - range[0], 1e-12)] : [0, 1];
  const columns = Array.from({ length: wide }, (_, x) => Math.floor((span.from + (x / wide) * (span.to - span.from) - field.begin_ms) / field.step_ms));
  for (let y = 0; y < high; y++) {
    const k = Math.min(rows - 1, Math.floor((y / high) * rows));
    for (let x = 0; x < wide; x++) {
      const m = columns[x]!;
      const at = k * field.spans + m;
      let colour = ground;
      if (m >= 0 && m < field.spans) {
        if (field.count[at]! > 0) colour = cividis.pixels[stepOf((field.mean[at]! - low) / size)]!;
        else if (field.leftOut[at]! > 0) colour = (x + y) % 4 < 2 ? odd : ground;
      }
      pixels[y * wide + x] = colour;
    }
  }
  context.putImageData(image, 0, 0);
  const upright = (ms: number, colour: string, dash: number[]) => {
    const x = Math.round(((ms - span.from) / (span.to - span.from)) * wide);
    if (x < 0 || x > wide) return;
    context.strokeStyle = colour;
    context.lineWidth = scale;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, high);
    context.stroke();
  };
  for (const mark of marks) upright(mark.t, mark.kind === "alarm" ? ink("--bad") : ink("--odd"), [3 * scale, 3 * scale]);
  if (moment !== null) upright(moment, ink("--text"), []);
}
