/** What a fact is made of, row by row; bars over bins and lines over time are drawn, and their numbers stand beneath. */

import type { TableRow } from "./answers";
import { say } from "./words";
import { moment, written } from "./write";

const SHOWN = 24;

export function FactTable({ of }: { of: TableRow }) {
  if (!of.rows.length) return null;
  return (
    <div class="fact-table">
      {of.draw === "bars" && <Bars of={of} />}
      {of.draw === "line" && <Line of={of} />}
      <table>
        <thead>
          <tr>
            {of.columns.map((column) => (
              <th key={column.key} scope="col">
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.rows.slice(0, SHOWN).map((row, at) => (
            <tr key={at}>
              {row.map((cell, n) => (
                <td key={of.columns[n]!.key} class={typeof cell === "number" ? "fact-right" : undefined}>
                  {said(cell, of.columns[n]!.unit, of.columns[n]!.key)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {of.total > Math.min(SHOWN, of.rows.length) && <p class="muted">{say("rows", { shown: Math.min(SHOWN, of.rows.length), total: of.total })}</p>}
    </div>
  );
}

export function said(cell: string | number | null, unit: string, key: string): string {
  if (cell === null) return "—";
  if (typeof cell === "string") return cell;
  if (unit === "ms") return moment(cell);
  const { shown, unit: by } = written(cell, unit, key);
  return by ? `${shown} ${by}` : shown;
}

const numbers = (of: TableRow, column: number) => of.rows.map((row) => (typeof row[column] === "number" ? (row[column] as number) : 0));

function Bars({ of }: { of: TableRow }) {
  const values = numbers(of, 1);
  const most = Math.max(...values, 1e-9);
  const wide = 100 / values.length;
  return (
    <svg class="fact-plot" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      {values.map((value, i) => (
        <rect key={i} x={i * wide + wide * 0.1} width={wide * 0.8} y={30 - (value / most) * 30} height={(value / most) * 30} />
      ))}
    </svg>
  );
}

function Line({ of }: { of: TableRow }) {
  const [x, y] = [numbers(of, 0), numbers(of, 1)];
  if (x.length < 2) return null;
  const [from, to] = [Math.min(...x), Math.max(...x)];
  const [low, high] = [Math.min(...y), Math.max(...y)];
  const path = x.map((value, i) => `${i ? "L" : "M"}${(((value - from) / (to - from || 1)) * 100).toFixed(2)} ${(28 - ((y[i]! - low) / (high - low || 1)) * 26).toFixed(2)}`);
  return (
    <svg class="fact-plot" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <path d={path.join("")} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
