/** Bars and dots on a common scale, each with its figure beside it. */

import { useRef } from "preact/hooks";
import { Figure } from "../figures/figure";
import { Quality } from "../figures/quality";
import { read } from "../figures/reading";
import { writeNumber } from "../figures/units";
import { language } from "../i18n";
import { cividis } from "./colour";
import { useWidth } from "./size";
import { ticks } from "./statistics";

/** A plain bar; nothing is drawn where there is no value. */
export function Bar({ value, from, to, coloured = false }: { value: number | null; from: number; to: number; coloured?: boolean }) {
  const share = value === null ? 0 : Math.max(0, Math.min(1, (value - from) / (to - from)));
  return (
    <span class={value === null ? "bar hatched" : "bar"} aria-hidden="true">
      <span class="bar-fill" style={{ width: `${share * 100}%`, background: coloured ? cividis.css(share) : "" }} />
    </span>
  );
}

export interface Row {
  id: string | null;
  label: string;
  /** Starts a new block above this row. */
  heading?: string;
}

export interface BarListProps {
  rows: Row[];
  from: number;
  to: number;
  unit: string;
  factor?: number;
  /** Dots mark a place on a scale that does not start at zero; bars grow from its start. */
  as: "bar" | "dot";
  coloured?: boolean;
}

export function BarList({ rows, from, to, unit, factor = 1, as, coloured = false }: BarListProps) {
  const marks = ticks(from * factor, to * factor, 5);
  const place = (value: number) => `${((value - from) / (to - from)) * 100}%`;
  return (
    <div class="barlist">
      {rows.map((row) => {
        const value = row.id ? read(row.id).value : null;
        return (
          <div key={row.label + (row.id ?? "")} class="barlist-entry">
            {row.heading && (
              <h3 data-nav class="barlist-heading">
                {row.heading}
              </h3>
            )}
            <span class="barlist-label" data-nav>
              {row.label}
            </span>
            <span class={row.id ? "track" : "track hatched"} aria-hidden="true">
              {marks.map((mark) => (
                <span key={mark} class="track-mark" style={{ left: place(mark / factor) }} />
              ))}
              {value !== null && as === "bar" && <Bar value={value} from={from} to={to} coloured={coloured} />}
              {value !== null && as === "dot" && <span class="dot" style={{ left: place(Math.max(from, Math.min(to, value))) }} />}
            </span>
            {row.id ? <Figure id={row.id} as="bare" /> : <span class="absent" />}
          </div>
        );
      })}
      <div class="barlist-axis" data-scale>
        <span />
        <span class="axis">
          {marks.map((mark) => (
            <span key={mark} class="axis-tick" style={{ left: place(mark / factor) }}>
              {writeNumber(mark, decimalsFor(marks), language.value)}
            </span>
          ))}
        </span>
        <span class="axis-unit">{unit}</span>
      </div>
    </div>
  );
}

const FINEST = 4;

/** Decimals that tell two neighbouring ticks apart; those of the tick itself where there is but one. */
export function decimalsFor(marks: number[]): number {
  if (marks.length === 1) return [0, 1, 2, 3].find((decimals) => Math.abs(marks[0]! - Number(marks[0]!.toFixed(decimals))) < 1e-9) ?? FINEST;
  const step = marks.length > 1 ? Math.abs(marks[1]! - marks[0]!) : 1;
  return Math.max(0, Math.min(FINEST, Math.ceil(-Math.log10(step) - 1e-9)));
}

export interface Column {
  id: string;
  label: string;
  /** Thicker gap before this column. */
  apart?: boolean;
}

export interface ColumnsProps {
  columns: Column[];
  /** Value in shown units from a reading's SI value. */
  valueOf(value: number): number;
  from: number;
  to: number;
  base: number;
  unit: string;
  label: string;
  selected: string | null;
  colour?: (value: number) => string;
  onSelect(id: string): void;
}

const HEIGHT = 190;
const LEFT = 46;

/** Many columns on one baseline; arrow keys walk, Enter and click open. */
export function Columns(props: ColumnsProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { columns, from, to } = props;
  const apart = columns.filter((column) => column.apart).length;
  const pitch = Math.max(2, (width - LEFT - apart * 6) / Math.max(1, columns.length));
  const y = (value: number) => 8 + (1 - (Math.max(from, Math.min(to, value)) - from) / (to - from)) * (HEIGHT - 16);
  const marks = ticks(from, to, 4);
  const at = columns.findIndex((column) => column.id === props.selected);
  const walk = (event: KeyboardEvent) => {
    const move = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!move) return;
    event.preventDefault();
    const next = columns[Math.max(0, Math.min(columns.length - 1, at + move))];
    if (next) props.onSelect(next.id);
  };
  let x = LEFT;
  return (
    <div class="columns" ref={box} tabIndex={0} role="application" aria-label={props.label} onKeyDown={walk}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {marks.map((mark) => (
            <g key={mark} data-scale>
              <line x1={LEFT} x2={width} y1={y(mark)} y2={y(mark)} class="gridline" />
              <text x={LEFT - 6} y={y(mark) + 4} class="tick" text-anchor="end">
                {writeNumber(mark, decimalsFor(marks), language.value)}
              </text>
            </g>
          ))}
          <line x1={LEFT} x2={width} y1={y(props.base)} y2={y(props.base)} class="baseline" />
          {columns.map((column) => {
            const reading = read(column.id);
            if (column.apart) x += 6;
            const left = x;
            x += pitch;
            const value = reading.value === null ? null : props.valueOf(reading.value);
            const top = value === null ? y(to) : Math.min(y(value), y(props.base));
            const height = value === null ? HEIGHT - 16 : Math.max(1, Math.abs(y(value) - y(props.base)));
            const marked = reading.quality !== Quality.Good && value !== null;
            return (
              <g key={column.id} class={`column${column.id === props.selected ? " selected" : ""}`} onClick={() => props.onSelect(column.id)}>
                <rect x={left} width={pitch} y={0} height={HEIGHT} class="column-hit" />
                <rect
                  x={left + (pitch > 4 ? 0.5 : 0)}
                  width={Math.max(1, pitch - (pitch > 4 ? 1.5 : 0))}
                  y={top}
                  height={height}
                  class={value === null ? "column-none" : marked ? "column-bar column-marked" : "column-bar"}
                  style={{ fill: value !== null && props.colour && !marked ? props.colour(value) : "" }}
                />
              </g>
            );
          })}
        </svg>
      )}
      <span class="columns-unit">{props.unit}</span>
    </div>
  );
}
