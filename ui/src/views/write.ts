/** A fact's value as a person reads it: SI turned into what the field uses, never more digits than tell something. */

import { displayOf, writeNumber } from "../figures/units";
import { language } from "../i18n";

export interface Written {
  shown: string;
  unit: string;
}

interface Scale {
  unit: string;
  factor?: number;
  decimals: number;
}

const MEGAWATT = 1e6;
/** Units that figures of a device do not have, or have in another size. */
const SCALES: Record<string, Scale> = {
  EUR: { unit: "EUR", decimals: 2 },
  "EUR/MW": { unit: "EUR/MW", decimals: 0 },
  "EUR/MWh": { unit: "EUR/MWh", decimals: 2 },
  s: { unit: "s", decimals: 0 },
  h: { unit: "h", decimals: 1 },
  "1": { unit: "", decimals: 2 },
  "1/d": { unit: "/d", decimals: 2 },
  "1/h": { unit: "C", decimals: 2 },
  ms: { unit: "", decimals: 0 },
};

export function written(value: number | null, unit: string, metric: string): Written {
  if (value === null) return { shown: "—", unit: "" };
  const own = scaleOf(value, unit);
  if (own) {
    const digits = own.unit === "" && Number.isInteger(value) ? 0 : own.decimals;
    return { shown: writeNumber(value * (own.factor ?? 1), digits, language.value), unit: own.unit };
  }
  const display = displayOf(unit, metric, value, null);
  return { shown: writeNumber(value * display.factor, display.decimals, language.value), unit: display.unit };
}

function scaleOf(value: number, unit: string): Scale | undefined {
  if (unit === "W" && Math.abs(value) >= MEGAWATT) return { unit: "MW", factor: 1e-6, decimals: 3 };
  if (unit === "EUR" && Math.abs(value) >= 100_000) return { unit: "EUR", decimals: 0 };
  if (unit === "s" && Math.abs(value) < 10) return { unit: "s", decimals: 1 };
  return SCALES[unit];
}

export function moment(ms: number, seconds = false): string {
  return new Date(ms).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) });
}
