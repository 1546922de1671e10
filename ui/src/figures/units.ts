/** From the SI values of the wire to what a person reads; the only place where a unit is turned. */

export interface Display {
  unit: string;
  /** Shown value = SI value × factor. */
  factor: number;
  decimals: number;
}

interface Scale {
  unit: string;
  factor: number;
  /** Decimals where neither a register's step nor a formula says how fine the value is. */
  decimals: number;
}

const SCALES: Record<string, Scale> = {
  W: { unit: "kW", factor: 1e-3, decimals: 1 },
  var: { unit: "kvar", factor: 1e-3, decimals: 1 },
  VA: { unit: "kVA", factor: 1e-3, decimals: 1 },
  Wh: { unit: "kWh", factor: 1e-3, decimals: 2 },
  varh: { unit: "kvarh", factor: 1e-3, decimals: 2 },
  V: { unit: "V", factor: 1, decimals: 2 },
  A: { unit: "A", factor: 1, decimals: 2 },
  Hz: { unit: "Hz", factor: 1, decimals: 3 },
  "°C": { unit: "°C", factor: 1, decimals: 1 },
  C: { unit: "°C", factor: 1, decimals: 1 },
  K: { unit: "K", factor: 1, decimals: 1 },
  "%": { unit: "%", factor: 1, decimals: 1 },
  "%/m": { unit: "%/m", factor: 1, decimals: 3 },
  Ω: { unit: "kΩ", factor: 1e-3, decimals: 0 },
  Pa: { unit: "kPa", factor: 1e-3, decimals: 1 },
  "m3/s": { unit: "l/min", factor: 60_000, decimals: 1 },
  rpm: { unit: "rpm", factor: 1, decimals: 0 },
  ppm: { unit: "ppm", factor: 1, decimals: 0 },
  s: { unit: "ms", factor: 1e3, decimals: 1 },
  m: { unit: "m", factor: 1, decimals: 1 },
  "1": { unit: "", factor: 1, decimals: 3 },
  code: { unit: "", factor: 1, decimals: 0 },
};

const MILLIVOLT: Scale = { unit: "mV", factor: 1e3, decimals: 1 };
const MEGA: Record<string, Scale> = {
  Wh: { unit: "MWh", factor: 1e-6, decimals: 3 },
  varh: { unit: "Mvarh", factor: 1e-6, decimals: 3 },
};
/** Below this a power whose register counts single watts is written in watts. */
const SMALL_POWER = 10_000;
/** More decimals of a kilowatt tell nobody anything, even where a register has them. */
const POWER_DECIMALS = 2;
const POWERS = ["kW", "kvar", "kVA"];
const SMALL_DIFFERENCE = /(spread|residual|deviation|imbalance)/;

/**
 * How a value is written: unit, factor and decimals.
 *
 * `quantum` is the smallest step of the register in SI (null for floats and formulas): no digit is shown that the register
 * cannot say, and none is lost but of powers finer than 10 W. `digits` is the number of decimals a formula is good for, in SI. Counters above one
 * million go to mega; differences of voltage are read in mV; tiny currents in mA or µA and small powers in W by their step.
 */
export function displayOf(unit: string, metric: string, value: number, quantum: number | null, digits: number | null = null): Display {
  let scale = SCALES[unit] ?? { unit, factor: 1, decimals: 2 };
  if (unit === "V" && SMALL_DIFFERENCE.test(metric)) scale = MILLIVOLT;
  if (unit === "A" && quantum !== null && quantum < 1e-3) {
    scale = quantum < 1e-5 ? { unit: "µA", factor: 1e6, decimals: 1 } : { unit: "mA", factor: 1e3, decimals: 1 };
  }
  if (unit === "W" && quantum !== null && quantum <= 1 && Math.abs(value) < SMALL_POWER) scale = { unit: "W", factor: 1, decimals: 0 };
  if (MEGA[unit] && Math.abs(value) >= 1e6) scale = MEGA[unit];
  return { unit: scale.unit, factor: scale.factor, decimals: decimalsOf(scale, quantum, digits, metric, value) };
}

function decimalsOf(scale: Scale, quantum: number | null, digits: number | null, metric: string, value: number): number {
  if (quantum !== null && quantum > 0) {
    const fine = clamp(Math.ceil(-Math.log10(quantum * scale.factor) - 1e-6));
    return POWERS.includes(scale.unit) ? Math.min(fine, POWER_DECIMALS) : fine;
  }
  if (digits !== null) return clamp(Math.round(digits - Math.log10(scale.factor)));
  if (scale.unit === "" && Number.isInteger(value)) return 0;
  // a voltage of a single cell is read to the millivolt, its mean one step finer
  if (scale.unit === "V" && Math.abs(value) < 10) return metric.includes("mean") ? 4 : 3;
  return scale.decimals;
}

function clamp(decimals: number): number {
  return Math.max(0, Math.min(6, decimals));
}

const formats = new Map<string, Intl.NumberFormat>();

/** A number in the reader's language, with a true minus sign and no minus before zero. */
export function writeNumber(value: number, decimals: number, language: string): string {
  const key = `${language}/${decimals}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language === "de" ? "de-DE" : "en-GB", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: "negative",
    });
    formats.set(key, format);
  }
  return format.format(value).replace("-", "−");
}

/** An age in as few signs as possible: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function writeAge(seconds: number, language: string): string {
  if (seconds < 10) return `${writeNumber(Math.max(0, seconds), 1, language)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Time of day with milliseconds, from ms since epoch or an ISO text. */
export function writeTime(time: number | string | null | undefined): string {
  if (time === null || time === undefined) return "—";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
