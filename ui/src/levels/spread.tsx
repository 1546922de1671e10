/** Level 8: which cell is highest, which lowest, and how the field lies between them. */

import { useRef, useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t, type Key } from "../i18n";
import type { CellField } from "../plant/model";
import { partShort } from "../plant/parts";
import { deviationColour } from "../twin2d/colour";
import { FieldMap } from "../twin2d/fieldmap";
import { Legend } from "../twin2d/legend";
import { useWidth } from "../twin2d/size";
import { histogram, nice, ticks, type Field } from "../twin2d/statistics";
import { decimalsFor } from "../twin2d/bars";
import { open, Readout, scaleOf, selectedIn } from "./cells";
import { FlyTo } from "./fly";
import { fieldNow, idAt, type FieldNow } from "./field";

const TOP = 10;

export function Spread() {
  const of = model.value!;
  const [cursor, setCursor] = useState(-1);
  const now = fieldNow(of.cells);
  if (!now) return <p class="picture hatched">{t("cells.none")}</p>;
  const { field, summary } = now;
  const selected = selectedIn(field);
  const scale = scaleOf(now, "deviation");
  const highest = summary ? highestOf(summary, now.values) : [];
  const lowest = summary ? summary.order.slice(0, TOP) : [];
  const extremes = [highest[0], lowest[0]].filter((index): index is number => index !== undefined);
  return (
    <>
      <section class="picture spread" aria-label={t("spread.title")}>
        <div class="extremes">
          <Extreme title="spread.highest" field={field} index={highest[0]} />
          <Extreme title="spread.lowest" field={field} index={lowest[0]} />
        </div>
        <Histogram now={now} reach={scale?.to ?? 1} />
      </section>
      <section class="picture" aria-label={t("cells.title")}>
        <div class="toolbar">{scale && <Legend scale={scale} unit="mV" factor={1e3} decimals={0} title={t("cells.legend.deviation")} />}</div>
        <Readout field={field} index={cursor >= 0 ? cursor : selected} />
        <div class="map-and-lists">
          <FieldMap
            field={field}
            values={now.values}
            quality={now.quality}
            scale={scale}
            label={t("cells.keys")}
            cursor={cursor}
            selected={selected}
            outlined={extremes}
            smallest={3}
            onCursor={setCursor}
            onOpen={(index) => open(field, index)}
            rackLabel={(rack) => partShort(field.rackParts[rack]!)}
          />
          <div class="toplists">
            <TopList title="spread.top_high" field={field} indices={highest} onLook={setCursor} />
            <TopList title="spread.top_low" field={field} indices={lowest} onLook={setCursor} />
          </div>
        </div>
      </section>
    </>
  );
}

/** The highest cells, equal ones in plant order. */
function highestOf({ order }: Field, values: Float64Array): number[] {
  const least = values[order[Math.max(0, order.length - TOP)]!]!;
  let from = order.length;
  while (from > 0 && values[order[from - 1]!]! >= least) from--;
  return order.slice(from).sort((a, b) => values[b]! - values[a]! || a - b).slice(0, TOP);
}

function Extreme({ title, field, index }: { title: Key; field: CellField; index: number | undefined }) {
  const id = index === undefined ? null : idAt(field, index);
  return (
    <div class="extreme">
      <h2>{t(title)}</h2>
      {id && index !== undefined ? (
        <>
          <Figure id={id} as="big" />
          <FlyTo part={field.parts[index]!} />
        </>
      ) : (
        <span class="big-none">—</span>
      )}
    </div>
  );
}

function TopList({ title, field, indices, onLook }: { title: Key; field: CellField; indices: number[]; onLook(index: number): void }) {
  return (
    <div class="toplist">
      <h3 data-nav>{t(title)}</h3>
      <ol>
        {indices.map((index) => (
          <li key={index} onPointerEnter={() => onLook(index)} onFocusCapture={() => onLook(index)}>
            <FlyTo part={field.parts[index]!} short />
            <Figure id={idAt(field, index)!} as="bare" />
          </li>
        ))}
      </ol>
    </div>
  );
}

const HEIGHT = 170;
const LEFT = 44;
const FEWEST_BINS = 15;
const RIGHT = 26;

/** How many cells lie in each step of voltage; the axes are scales, the bars carry no numbers. */
function Histogram({ now, reach }: { now: FieldNow; reach: number }) {
  const { summary, values } = now;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  if (!summary || width === 0) return <div class={summary ? "histogram" : "histogram hatched"} ref={box} />;
  const step = Math.max(0.001, nice((summary.high - summary.low) / 40));
  // a bin stands around the values that its register can take
  const used = Math.round((summary.high - summary.low) / step) + 1;
  const spare = Math.max(1, Math.ceil((FEWEST_BINS - used) / 2));
  const from = (Math.floor(summary.low / step + 1e-9) - spare - 0.5) * step;
  const bins = used + 2 * spare;
  const counts = histogram(values, summary, from, step, bins);
  const most = Math.max(...counts);
  const to = from + bins * step;
  const x = (value: number) => LEFT + ((value - from) / (to - from)) * (width - LEFT - RIGHT);
  const y = (count: number) => HEIGHT - 24 - (count / most) * (HEIGHT - 36);
  const marks = ticks(from, to, Math.max(2, width / 110));
  return (
    <div class="histogram" ref={box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={t("spread.histogram")} data-scale>
        {ticks(0, most, 3).map((level) => (
          <g key={level}>
            <line x1={LEFT} x2={width - RIGHT} y1={y(level)} y2={y(level)} class="gridline" />
            <text x={LEFT - 6} y={y(level) + 4} class="tick" text-anchor="end">
              {writeNumber(level, 0, language.value)}
            </text>
          </g>
        ))}
        {counts.map((count, i) => (
          <rect
            key={i}
            x={x(from + i * step)}
            y={y(count)}
            width={Math.max(1, (width - LEFT - RIGHT) / bins - 1)}
            height={HEIGHT - 24 - y(count)}
            style={{ fill: deviationColour(from + (i + 0.5) * step - summary.mean, reach) }}
          />
        ))}
        {marks.map((mark) => (
          <text key={mark} x={x(mark)} y={HEIGHT - 8} class="tick" text-anchor="middle">
            {writeNumber(mark, decimalsFor(marks), language.value)}
          </text>
        ))}
        <text x={width} y={HEIGHT - 8} class="tick" text-anchor="end">
          V
        </text>
      </svg>
    </div>
  );
}
