import { useEffect, useRef } from "preact/hooks";
import { writeNumber } from "../figures/units";
import { language } from "../i18n";
import { STEPS, type ColourScale } from "./colour";
import { ticks } from "./statistics";

const APART = 0.2; // share of the scale that its ends keep free of other numbers

/** A colour scale with its numbers; they mark a scale and are no readings. */
export function Legend({ scale, unit, factor, decimals, title }: { scale: ColourScale; unit: string; factor: number; decimals: number; title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    const image = context.createImageData(STEPS, 1);
    new Uint32Array(image.data.buffer).set(scale.ramp.pixels);
    context.putImageData(image, 0, 0);
  }, [scale.ramp]);
  const from = scale.from * factor;
  const to = scale.to * factor;
  const between = ticks(from, to, 4).filter((tick) => tick > from + (to - from) * APART && tick < to - (to - from) * APART);
  const signed = scale.zero !== 0;
  const write = (value: number) => `${signed && value > 0 ? "+" : ""}${writeNumber(value, decimals, language.value)}`;
  return (
    <div class="legend" data-scale>
      <span class="legend-title">{title}</span>
      <div class="legend-bar">
        <canvas ref={canvas} width={STEPS} height={1} aria-hidden="true" />
        {[from, ...between, to].map((tick) => (
          <span key={tick} class="legend-tick" style={{ left: `${((tick - from) / (to - from)) * 100}%` }}>
            {write(tick)}
          </span>
        ))}
      </div>
      <span class="legend-unit">{unit}</span>
    </div>
  );
}
