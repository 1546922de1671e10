/** Several figures over one time, in one plot with an axis for each unit, and in words. */

import { useEffect, useRef, useState } from "preact/hooks";
import { displayOf, writeNumber } from "../figures/units";
import { language } from "../i18n";
import { navigate, openFigure } from "../page/route";
import { theme } from "../page/settings";
import { partTitle, splitId } from "../plant/parts";
import { past, type Drawn } from "./api";
import { columnsOf, type Columns } from "./columns";
import { csvOf, save } from "./csv";
import { openChart, type Chart, type Line } from "./many";
import type { Mark } from "./marks";
import { Pick } from "./pick";
import { shifted, writeWindow, zoomed, type Window } from "./spans";
import { say } from "./texts";

const POINTS = 900;
export const MOST = 6;

interface CompareProps {
  ids: readonly string[];
  window: Window;
  first: number;
  last: number;
  /** The record grows: its end is now. */
  grows: boolean;
  moment: number | null;
  marks: Mark[];
  onIds(ids: string[]): void;
  onSpan(span: string): void;
}

interface Row {
  drawn: Drawn;
  columns: Columns;
  unit: string;
  factor: number;
  decimals: number;
  colour: string;
}

export function Compare({ ids, window: at, first, last, grows, moment, marks, onIds, onSpan }: CompareProps) {
  const [drawn, setDrawn] = useState<Drawn[]>([]);
  const [shownOf, setShownOf] = useState("");
  const [error, setError] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const speaks = language.value;
  const look = theme.value;
  const asked = `${ids.join(",")} ${at.from} ${at.to} ${speaks}`;
  useEffect(() => {
    let over = false;
    if (ids.length === 0) {
      setDrawn([]);
      return undefined;
    }
    past.drawn(ids, at.from, at.to, POINTS, speaks).then(
      (found) => {
        if (over) return;
        setDrawn(found);
        setShownOf(asked);
        setError(null);
      },
      (reason: Error) => over || setError(reason.message),
    );
    return () => void (over = true);
  }, [asked]);
  const rows = drawn.map((one, k) => rowOf(one, k));
  const zoom = useRef(onSpan);
  zoom.current = onSpan;
  useEffect(() => {
    if (!box.current || rows.length === 0) return;
    chart.current ??= openChart(box.current, { zoom: (a, b) => zoom.current(writeWindow(a, b)), choose: (ms) => navigate({ time: ms }) });
    const lines = rows.map((row): Line => ({ ...row, leftOut: leftOut(row.drawn) }));
    chart.current.draw({ lines, from: at.from, to: at.to, marks, now: grows ? last : null, moment });
  }, [drawn, marks, look, moment, grows && last]);
  useEffect(() => {
    if (rows.length === 0 && chart.current) {
      chart.current.close();
      chart.current = null;
    }
  }, [rows.length]);
  useEffect(() => () => chart.current?.close(), []);
  const keys: Record<string, () => string> = {
    "+": () => zoomed(at, 0.5, 0.5, first, last),
    "-": () => zoomed(at, 2, 0.5, first, last),
    ArrowLeft: () => shifted(at, -0.25, first, last),
    ArrowRight: () => shifted(at, 0.25, first, last),
    Home: () => writeWindow(first, last + 1),
  };
  return (
    <section class="picture" aria-labelledby="compare-title" data-drawn={shownOf === asked ? ids.length : undefined}>
      <h2 id="compare-title">{say("compare")}</h2>
      <div class="history-bar">
        <Pick chosen={ids} full={ids.length >= MOST} onPick={(id) => onIds([...ids, id])} />
        <button type="button" class="switch" disabled={rows.length === 0} onClick={() => save("figures.csv", csvOf(rows))}>
          {say("csv")}
        </button>
      </div>
      {error && <p class="failure">✕ {error}</p>}
      {ids.length === 0 && <p class="muted">{say("choose")}</p>}
      <div
        class="history-plot"
        ref={box}
        hidden={rows.length === 0}
        tabIndex={0}
        role="application"
        aria-label={say("plot", { n: rows.length })}
        aria-describedby="compare-keys"
        data-scale
        onDblClick={() => onSpan("day")}
        onKeyDown={(event) => {
          const to = keys[event.key];
          if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          onSpan(to());
        }}
      />
      {rows.length > 0 && (
        <>
          <p class="muted" id="compare-keys">
            {say("keys")}
          </p>
          <Summary rows={rows} onRemove={(id) => onIds(ids.filter((one) => one !== id && one.split("@")[0] !== id))} />
        </>
      )}
    </section>
  );
}

function rowOf(drawn: Drawn, k: number): Row {
  const biggest = Math.max(0, ...drawn.high.map((value) => Math.abs(value ?? 0)));
  const { unit, factor, decimals } = displayOf(drawn.unit, splitId(drawn.id).metric, biggest, null);
  const colour = getComputedStyle(document.documentElement).getPropertyValue(`--series-${(k % MOST) + 1}`).trim();
  return { drawn, columns: columnsOf(drawn, factor), unit, factor, decimals, colour };
}

/** Spans that brought sweeps without a value: begin and length, s. */
function leftOut(drawn: Drawn): [number, number][] {
  return drawn.t.flatMap((ms, i): [number, number][] => (drawn.left_out[i]! > 0 ? [[ms / 1000, drawn.step_ms / 1000]] : []));
}

/** The plot in words, and its legend: what a screen reader reads instead of it. */
function Summary({ rows, onRemove }: { rows: Row[]; onRemove(id: string): void }) {
  const number = (values: (number | null)[], pick: (found: number[]) => number, row: Row) => {
    const some = values.filter((value): value is number => value !== null);
    return some.length ? `${writeNumber(pick(some), row.decimals, language.value)} ${row.unit}` : "—";
  };
  const mean = (row: Row) => {
    let [sum, count] = [0, 0];
    row.drawn.mean.forEach((value, i) => {
      if (value === null) return;
      sum += value * row.factor * row.drawn.count[i]!;
      count += row.drawn.count[i]!;
    });
    return count ? `${writeNumber(sum / count, row.decimals, language.value)} ${row.unit}` : "—";
  };
  const least = (found: number[]) => found.reduce((a, b) => Math.min(a, b));
  const most = (found: number[]) => found.reduce((a, b) => Math.max(a, b));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={say("summary")}>
      <table class="grid">
        <caption class="hidden">{say("summary")}</caption>
        <thead>
          <tr>
            {(["figure", "lowest", "mean", "highest", "sweeps", "left", "holes"] as const).map((name) => (
              <th key={name} scope="col">
                {say(name)}
              </th>
            ))}
            <th scope="col">
              <span class="hidden">{say("remove")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, k) => (
            <tr key={row.drawn.id} data-compared={row.drawn.id}>
              <th scope="row">
                <span class={`swatch swatch-${(k % MOST) + 1}`} aria-hidden="true" />
                <button type="button" class="plain" onClick={() => openFigure(row.drawn.id)}>
                  {row.drawn.label} <span class="muted">{partTitle(splitId(row.drawn.id).part)}</span>
                </button>
              </th>
              <td>{number(row.columns.low, least, row)}</td>
              <td>{mean(row)}</td>
              <td>{number(row.columns.high, most, row)}</td>
              <td>{row.columns.sweeps}</td>
              <td>{row.columns.leftOut}</td>
              <td>{row.columns.gaps}</td>
              <td>
                <button type="button" class="switch" onClick={() => onRemove(row.drawn.id)} aria-label={`${say("remove")}: ${row.drawn.label}, ${partTitle(splitId(row.drawn.id).part)}`}>
                  ✕
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
