/** One view of the open-circuit curve: its mean and its two branches, and where a cell stands beside it. */

import { useRef } from "preact/hooks";
import { openCircuit } from "../figures/asked";
import { writeNumber } from "../figures/units";
import { language, t } from "../i18n";
import { decimalsFor } from "../twin2d/bars";
import { useWidth } from "../twin2d/size";
import { ticks } from "../twin2d/statistics";
import type { OcvCurve } from "../wire/schema";

export interface OcvPlotProps {
  curve: OcvCurve;
  /** Window in % and V. */
  soc: [from: number, to: number];
  volts: [from: number, to: number];
  /** The cell's registers now, null while one of them has no value. */
  point: { soc: number; volts: number } | null;
  /** Voltages of the other cells of the module, at the same state of charge. */
  others: number[];
  label: string;
}

const HEIGHT = 240;
const LEFT = 48;
const TOP = 10;
const BOTTOM = 40;

export function OcvPlot({ curve, soc, volts, point, others, label }: OcvPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const x = (share: number) => LEFT + ((share - soc[0]) / (soc[1] - soc[0])) * (width - LEFT - 12);
  const y = (value: number) => TOP + (1 - (value - volts[0]) / (volts[1] - volts[0])) * (HEIGHT - TOP - BOTTOM);
  const line = (values: number[]) => curve.soc.map((share, i) => `${i ? "L" : "M"}${x(share).toFixed(1)} ${y(values[i]!).toFixed(1)}`).join("");
  const across = ticks(soc[0], soc[1], Math.max(2, width / 90));
  const up = ticks(volts[0], volts[1], 5);
  const clip = `ocv-${label.replaceAll(/\W/g, "")}`;
  return (
    <div class="ocv" ref={box}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={label} data-scale>
          <clipPath id={clip}>
            <rect x={LEFT} y={TOP} width={Math.max(0, width - LEFT - 12)} height={HEIGHT - TOP - BOTTOM} />
          </clipPath>
          {up.map((mark) => (
            <g key={mark}>
              <line x1={LEFT} x2={width - 12} y1={y(mark)} y2={y(mark)} class="gridline" />
              <text x={LEFT - 6} y={y(mark) + 4} class="tick" text-anchor="end">
                {writeNumber(mark, decimalsFor(up), language.value)}
              </text>
            </g>
          ))}
          {across.map((mark) => (
            <text key={mark} x={x(mark)} y={HEIGHT - 23} class="tick" text-anchor="middle">
              {writeNumber(mark, decimalsFor(across), language.value)}
            </text>
          ))}
          <text x={width - 12} y={HEIGHT - 6} class="tick" text-anchor="end">
            {t("ocv.axis")}
          </text>
          <text x={LEFT + 6} y={TOP + 10} class="tick">
            V
          </text>
          <g clip-path={`url(#${clip})`}>
            <path d={line(curve.charge)} class="ocv-branch ocv-charge" />
            <path d={line(curve.discharge)} class="ocv-branch ocv-discharge" />
            <path d={line(curve.mean)} class="ocv-mean" />
            {point && others.map((value, i) => <line key={i} x1={x(point.soc) - 5} x2={x(point.soc) + 5} y1={y(value)} y2={y(value)} class="ocv-other" />)}
            {point && <line x1={x(point.soc)} x2={x(point.soc)} y1={y(point.volts)} y2={y(openCircuit(curve, point.soc))} class="ocv-residual" />}
            {point && <circle cx={x(point.soc)} cy={y(point.volts)} r={5.5} class="ocv-point" />}
          </g>
        </svg>
      )}
    </div>
  );
}
