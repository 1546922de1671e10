/** What a plot shows, as a file of comma-separated lines. */

import type { Drawn } from "./api";
import type { Field } from "./field";

export interface Column {
  drawn: Drawn;
  factor: number;
  unit: string;
}

/** A line for every span that any figure has: mean, lowest, highest in the unit that is shown, sweeps with and without a value. */
export function csvOf(columns: readonly Column[]): string {
  const times = [...new Set(columns.flatMap((one) => one.drawn.t))].sort((a, b) => a - b);
  const names = columns.flatMap(({ drawn, unit }) => ["mean", "low", "high"].map((what) => `${drawn.id} ${what}${unit ? ` [${unit}]` : ""}`).concat(`${drawn.id} count`, `${drawn.id} left_out`));
  const places = columns.map((one) => new Map(one.drawn.t.map((ms, i) => [ms, i])));
  const lines = times.map((ms) => {
    const cells = columns.flatMap(({ drawn, factor }, k) => {
      const i = places[k]!.get(ms);
      if (i === undefined) return ["", "", "", "", ""];
      const scaled = [drawn.mean[i], drawn.low[i], drawn.high[i]].map((value) => (value === null || value === undefined ? "" : written(value * factor)));
      return [...scaled, String(drawn.count[i]), String(drawn.left_out[i])];
    });
    return [new Date(ms).toISOString(), ...cells].join(",");
  });
  return [["time_utc", ...names].map(quoted).join(","), ...lines].join("\n") + "\n";
}

/** A line for every part and span of a heat map that has a sweep. */
export function csvOfField(field: Field, factor: number, unit: string): string {
  const lines = [`time_utc,id,mean [${unit}],low [${unit}],high [${unit}],count,left_out`];
  field.id.forEach((id, k) => {
    for (let m = 0; m < field.spans; m++) {
      const at = k * field.spans + m;
      if (field.count[at]! + field.leftOut[at]! === 0) continue;
      const values = [field.mean[at]!, field.low[at]!, field.high[at]!].map((value) => (Number.isNaN(value) ? "" : written(value * factor)));
      lines.push([new Date(field.begin_ms + m * field.step_ms).toISOString(), id, ...values, field.count[at], field.leftOut[at]].join(","));
    }
  });
  return lines.join("\n") + "\n";
}

// twelve digits: more is the noise of turning the unit
const written = (value: number) => String(Number(value.toPrecision(12)));
const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Hands a text to the reader as a file. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
