/** Every day a line, every quarter a cell: the year at one glance. */

import { useEffect, useRef, useState } from "preact/hooks";
import { cividis, STEPS, stepOf } from "../twin2d/colour";
import { Legend } from "../twin2d/legend";
import { theme } from "../page/settings";
import type { Prices } from "./answers";
import { prices } from "./state";
import { w } from "./words";
import { clock, day, number } from "./write";

const QUARTERS = 96;

export function Heat() {
  const of = prices.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [under, setUnder] = useState<number | null>(null);
  const scale = of ? rangeOf(of) : null;
  useEffect(() => {
    if (of && scale && canvas.current) paint(canvas.current, of, scale.from, scale.to);
  }, [of, theme.value]);
  if (!of || !scale) return null;
  const find = (event: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * of.days.length);
    const minute = Math.floor(((event.clientX - box.left) / box.width) * QUARTERS) * 15;
    const at = of.day.findIndex((one, i) => one === row && of.minute[i]! <= minute && minute < of.minute[i]! + of.minutes[i]!);
    setUnder(at < 0 ? null : at);
  };
  return (
    <section class="market-part" aria-labelledby="market-heat">
      <h2 id="market-heat">{w("heat")}</h2>
      <div class="market-heat">
        <span class="market-heat-day">{day(of.days[0]!)}</span>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${w("heat")}: ${day(of.days[0]!)} – ${day(of.days[of.days.length - 1]!)}, ${number(of.summary.low, 2)} … ${number(of.summary.high, 2)} EUR/MWh`}
          onMouseMove={find}
          onMouseLeave={() => setUnder(null)}
          style={{ height: `${Math.max(150, Math.min(420, of.days.length * 12))}px` }}
        />
        <span class="market-heat-day market-heat-last">{day(of.days[of.days.length - 1]!)}</span>
        <div class="market-heat-hours" aria-hidden="true">
          {[0, 6, 12, 18, 24].map((hour) => (
            <span key={hour}>{hour} h</span>
          ))}
        </div>
      </div>
      <div class="market-legend">
        <Legend scale={{ ...scale, ramp: cividis, zero: 0 }} unit="EUR/MWh" factor={1} decimals={0} title={w("price")} />
      </div>
      <p class="note" aria-live="off">
        {under === null ? "\u00a0" : `${day(of.days[of.day[under]!]!)}, ${clock(of.minute[under]!)}: ${number(of.price[under]!, 2)} EUR/MWh`}
      </p>
    </section>
  );
}

/** From the 1st to the 99th percentile, so that one dear evening does not bleach all other days. */
function rangeOf(of: Prices): { from: number; to: number } {
  const sorted = [...of.price].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const [from, to] = [Math.floor(at(0.01) / 10) * 10, Math.ceil(at(0.99) / 10) * 10];
  return { from, to: Math.max(to, from + 10) };
}

function paint(canvas: HTMLCanvasElement, of: Prices, from: number, to: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = QUARTERS;
  canvas.height = of.days.length;
  const image = context.createImageData(QUARTERS, of.days.length);
  const pixels = new Uint32Array(image.data.buffer);
  // the hour that an autumn day has twice shows its second pass; the one that a spring day lacks stays empty
  of.price.forEach((price, i) => {
    const colour = cividis.pixels[Math.min(STEPS - 1, stepOf((price - from) / (to - from)))]!;
    const first = of.minute[i]! / 15;
    for (let cell = first; cell < Math.min(QUARTERS, first + of.minutes[i]! / 15); cell++) pixels[of.day[i]! * QUARTERS + cell] = colour;
  });
  context.putImageData(image, 0, 0);
}
