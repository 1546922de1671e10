/** Prices, power and state of charge over the same hours; the pointer or the arrow keys ask a slot for its reason. */

import { useState } from "preact/hooks";
import { scale as linear } from "./plot";
import { Across, bounds, Plot, type Frame } from "./plot";
import type { Slots } from "./answers";
import { say } from "./counted";
import { w } from "./words";
import { moment, number } from "./write";

export interface Mark {
  ms: number;
  label: string;
}

interface SlotPlotProps {
  slots: Slots;
  label: string;
  /** Power of the slider's battery, W: the reach of the power scale. */
  power: number;
  marks?: Mark[];
  /** Prices that part the cheapest and dearest quarter. */
  quartiles?: [number, number];
  /** Power that the meter counted in each slot, W, null where it was not counted. */
  counted?: (number | null)[];
}

const HEIGHT = 330;
const PRICE_END = 170;
const POWER_END = 250;

export function SlotPlot({ slots, label, power, marks = [], quartiles, counted }: SlotPlotProps) {
  const [at, setAt] = useState<number | null>(null);
  const count = slots.start_ms.length;
  const step = slots.minutes * 60_000;
  const begin = slots.start_ms[0]!;
  const end = slots.start_ms[count - 1]! + step;
  const move = (by: number) => setAt((now) => Math.max(0, Math.min(count - 1, (now ?? -by) + by)));
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 96, PageUp: -96, Home: -count, End: count }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  };
  const shown = at === null ? null : Math.min(at, count - 1);
  return (
    <div class="market-slots" tabIndex={0} role="slider" aria-label={label} aria-valuemin={0} aria-valuemax={count - 1} aria-valuenow={shown ?? 0} aria-valuetext={shown === null ? w("schedule_hint") : said(slots, shown, counted)} onKeyDown={keys}>
      <Plot label={label} height={HEIGHT}>
        {(frame) => {
          const x = linear(begin, end, frame.left, frame.right);
          const pick = (event: MouseEvent) => {
            const box = (event.currentTarget as SVGElement).getBoundingClientRect();
            setAt(Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count))));
          };
          return (
            <>
              <Midnights slots={slots} frame={frame} x={x} />
              <PriceRow slots={slots} frame={{ ...frame, bottom: PRICE_END }} x={x} step={step} {...(quartiles ? { quartiles } : {})} />
              <PowerRow slots={slots} frame={{ ...frame, top: PRICE_END + 14, bottom: POWER_END }} x={x} step={step} power={power} {...(counted ? { counted } : {})} />
              <LevelRow slots={slots} frame={{ ...frame, top: POWER_END + 14 }} x={x} step={step} />
              {marks.map((mark) => (
                <g key={mark.label} class="market-mark">
                  <line x1={x(mark.ms)} x2={x(mark.ms)} y1={frame.top} y2={frame.bottom} />
                  <text x={x(mark.ms) + (x(mark.ms) > frame.right - 50 ? -4 : 4)} y={frame.top + 9} text-anchor={x(mark.ms) > frame.right - 50 ? "end" : "start"}>
                    {mark.label}
                  </text>
                </g>
              ))}
              {shown !== null && <rect x={x(slots.start_ms[shown]!)} width={Math.max(1.5, x(begin + step) - x(begin))} y={frame.top} height={frame.bottom - frame.top} class="market-here" />}
              <rect x={frame.left} y={frame.top} width={Math.max(0, frame.right - frame.left)} height={frame.bottom - frame.top} class="market-catch" onMouseMove={pick} onClick={pick} />
            </>
          );
        }}
      </Plot>
      <p class="market-reason" aria-live="polite">
        {shown === null ? <span class="muted">{w("schedule_hint")}</span> : said(slots, shown, counted)}
      </p>
    </div>
  );
}

/** One slot in words: when, what, why, and what it brings; what was counted in it where that is shown. */
export function said(slots: Slots, at: number, counted?: (number | null)[]): string {
  const eur = slots.eur[at]!;
  const earned = Math.abs(eur) < 0.005 ? "" : ` (${eur > 0 ? "+" : ""}${number(eur, 2)} EUR)`;
  const watts = counted?.[at];
  const meter = counted ? ` ${capital(say("realised"))}: ${typeof watts === "number" ? `${number(watts / 1e6, 3)} MW` : "—"}.` : "";
  return `${moment(slots.start_ms[at]!)}: ${slots.words[at]}${earned}${meter}`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

interface Row {
  slots: Slots;
  frame: Frame;
  x: (ms: number) => number;
  step: number;
}

function Midnights({ slots, frame, x }: Omit<Row, "step">) {
  const first = slots.start_ms.filter((_, i) => slots.minute[i] === 0 && (i === 0 || slots.minute[i - 1] !== 0));
  const wide = (frame.right - frame.left) / Math.max(1, first.length) > 64;
  return (
    <>
      {first.map((ms) => (
        <g key={ms}>
          <line x1={x(ms)} x2={x(ms)} y1={frame.top} y2={frame.bottom} class="gridline" />
          <text x={x(ms) + 3} y={frame.bottom + 16} class="tick">
            {moment(ms, wide ? { weekday: "short", day: "numeric", month: "short" } : { day: "numeric" })}
          </text>
        </g>
      ))}
    </>
  );
}

function PriceRow({ slots, frame, x, step, quartiles }: Row & { quartiles?: [number, number] }) {
  const [low, high] = bounds(slots.price);
  const y = linear(low, high, frame.bottom, frame.top);
  const path = slots.price.map((price, i) => `${i ? "L" : "M"}${x(slots.start_ms[i]!).toFixed(1)} ${y(price).toFixed(1)}H${x(slots.start_ms[i]! + step).toFixed(1)}`);
  const parts = quartiles && slots.price.map((price, i) => ({ i, kind: price <= quartiles[0] ? "buy" : price >= quartiles[1] ? "sell" : null })).filter((one) => one.kind);
  return (
    <>
      <Across frame={frame} from={low} to={high} y={y} unit="EUR/MWh" />
      {parts?.map(({ i, kind }) => (
        <rect key={i} x={x(slots.start_ms[i]!)} width={x(slots.start_ms[i]! + step) - x(slots.start_ms[i]!) + 0.3} y={frame.top} height={frame.bottom - frame.top} class={`market-quarter market-quarter-${kind}`} />
      ))}
      <path d={path.join("")} class="market-line" />
    </>
  );
}

function PowerRow({ slots, frame, x, step, power, counted }: Row & { power: number; counted?: (number | null)[] }) {
  const y = linear(-power, power, frame.bottom, frame.top);
  const column = (sign: 1 | -1) =>
    slots.power_w
      .map((watt, i) => (watt * sign > 1 ? `M${x(slots.start_ms[i]!).toFixed(1)} ${y(0).toFixed(1)}V${y(watt).toFixed(1)}H${x(slots.start_ms[i]! + step).toFixed(1)}V${y(0).toFixed(1)}Z` : ""))
      .join("");
  return (
    <>
      {counted && <Uncounted slots={slots} frame={frame} x={x} step={step} counted={counted} />}
      <line x1={frame.left} x2={frame.right} y1={y(0)} y2={y(0)} class="baseline" />
      <text x={frame.left - 6} y={y(power) + 8} class="tick" text-anchor="end">
        {number(power / 1e6, power % 1e6 ? 2 : 0)}
      </text>
      <text x={frame.left - 6} y={y(-power)} class="tick" text-anchor="end">
        {number(-power / 1e6, power % 1e6 ? 2 : 0)}
      </text>
      <path d={column(1)} class={counted ? "market-sell market-wished" : "market-sell"} />
      <path d={column(-1)} class={counted ? "market-buy market-wished" : "market-buy"} />
      {counted && <path d={curve(slots, counted, x, y, step)} class="market-counted" />}
      <text x={frame.left + 4} y={frame.top + 9} class="tick market-unit">
        MW
      </text>
    </>
  );
}

/** The load curve in steps; it breaks where nothing was counted. */
export function curve(slots: Pick<Slots, "start_ms">, counted: (number | null)[], x: (ms: number) => number, y: (watt: number) => number, step: number): string {
  return counted
    .map((watt, i) => {
      if (watt === null) return "";
      const joined = i > 0 && counted[i - 1] !== null;
      return `${joined ? "L" : "M"}${x(slots.start_ms[i]!).toFixed(1)} ${y(watt).toFixed(1)}H${x(slots.start_ms[i]! + step).toFixed(1)}`;
    })
    .join("");
}

/** Slots that were not counted, in stretches. */
function Uncounted({ slots, frame, x, step, counted }: Row & { counted: (number | null)[] }) {
  const stretches: [number, number][] = [];
  counted.forEach((watt, i) => {
    if (watt !== null) return;
    const last = stretches[stretches.length - 1];
    if (last && last[1] === i) last[1] = i + 1;
    else stretches.push([i, i + 1]);
  });
  return (
    <>
      {stretches.map(([from, until]) => (
        <rect key={from} x={x(slots.start_ms[from]!)} width={x(slots.start_ms[until - 1]! + step) - x(slots.start_ms[from]!)} y={frame.top} height={frame.bottom - frame.top} class="market-uncounted" />
      ))}
    </>
  );
}

function LevelRow({ slots, frame, x, step }: Row) {
  const y = linear(0, 1, frame.bottom, frame.top);
  const before = slots.soc[0]!;
  const path = slots.soc.map((soc, i) => `L${x(slots.start_ms[i]! + step).toFixed(1)} ${y(soc).toFixed(1)}`).join("");
  return (
    <>
      <path d={`M${frame.left} ${y(0)}L${frame.left} ${y(before)}${path}V${y(0)}Z`} class="market-level" />
      <line x1={frame.left} x2={frame.right} y1={y(0)} y2={y(0)} class="baseline" />
      <text x={frame.left - 6} y={y(1) + 8} class="tick" text-anchor="end">
        100 %
      </text>
      <text x={frame.left + 4} y={frame.top + 9} class="tick market-unit">
        {w("level")}
      </text>
    </>
  );
}
