/** One figure as the page shows it: value decoded here from the raw words, quality and age from the frame. */

import { language, t } from "../i18n";
import { vendor } from "../i18n/vendor";
import { find, labelOf, type Model, type Ref } from "../plant/model";
import { splitId } from "../plant/parts";
import { kindOf as kindOfType, text } from "../wire/decode";
import { power } from "../wire/fraction";
import type { DerivedRow, LevelFigure, SymbolRow } from "../wire/schema";
import { curve, openCircuit, residualOf, socAround, sweepFact, worstQuality } from "./asked";
import { hasValue, Quality } from "./quality";
import { model, paused, serverNow, snapshot, type Snapshot } from "./snapshot";
import { displayOf, writeNumber } from "./units";

export interface Reading {
  id: string;
  label: string;
  part: string;
  metric: string;
  unit: string;
  derived: boolean;
  modelled: boolean;
  /** SI value, null where none may be shown. */
  value: number | null;
  shown: string;
  shownUnit: string;
  quality: number;
  ageS: number | null;
  suspect: string | null;
  /** Where it is read: `FC 3 · 19026 · float32`; null for a formula. */
  register: string | null;
}

const NOTHING = "—";
/** Polls that may be missed before the page itself calls a value stale. */
const MISSED_POLLS = 3;
const GRACE_S = 2;
/** A frame as old as this says nothing about now. */
const DEAD_MS = 7000;

/** Reads a figure by its id; subscribes the caller to the snapshot. */
export function read(id: string): Reading {
  const of = model.value;
  const shown = snapshot.value;
  const ref = of?.refs.get(id);
  const { part, metric } = splitId(id);
  if (!of || !ref) return readAsked(of, id, part, metric) ?? unmapped(of, id, part, metric);
  return ref.derived ? readDerived(of, ref, id, shown) : readPoint(of, ref.index, id, shown);
}

/** Value in SI and quality of a figure, without a word about them: for what reads hundreds of them with every frame. */
export function worthOf(of: Model, id: string, shown: Snapshot | null): { value: number | null; quality: number } {
  const ref = of.refs.get(id);
  if (!ref) return { value: null, quality: Quality.NotMapped };
  return ref.derived ? derivedWorth(ref.index, shown) : pointWorth(of, ref.index, shown);
}

/** A figure that no frame carries: a fact of a sweep as the API last said it, or a cell's residual, computed here. */
function readAsked(of: Model | null, id: string, part: string, metric: string): Reading | null {
  const fact = part.startsWith("device/") ? sweepFact(id) : null;
  const plain = { id, part, metric, derived: true, suspect: null, register: null };
  if (fact) {
    const { row, quality, ageS } = fact;
    return { ...plain, label: row.label, unit: row.unit, modelled: false, value: row.value, ...writeValue(row.value, row.unit, metric, null, null), quality, ageS };
  }
  const cell = of ? residualOf(part, metric) : null;
  if (!of || !cell) return null;
  const [soc, voltage] = residualInputs(of, cell);
  if (!soc || !voltage) return null;
  const inputs = [read(soc), read(voltage)];
  const quality = worstQuality(inputs.map((input) => input.quality));
  const [share, volts] = [inputs[0]!.value, inputs[1]!.value];
  const value = quality === Quality.Good && curve.value && share !== null && volts !== null ? volts - openCircuit(curve.value, share) : null;
  const ages = inputs.map((input) => input.ageS);
  const ageS = ages.includes(null) ? null : Math.max(...(ages as number[]));
  return { ...plain, label: t("macro.residual"), unit: "V", modelled: true, value, ...writeValue(value, "V", metric, null, null), quality, ageS };
}

/** Ids of the registers behind a cell's residual: state of charge and voltage. */
export function residualInputs(of: Model, cell: string): [soc: string | null, voltage: string | null] {
  return [socAround(of, cell, (id) => read(id).quality), find(of, cell, "voltage")];
}

function unmapped(of: Model | null, id: string, part: string, metric: string): Reading {
  const known = of ? levelFigure(of, id) : undefined;
  return {
    id, part, metric,
    label: known?.label ?? metric.replaceAll("_", " "),
    unit: known?.unit ?? "",
    derived: false, modelled: false, value: null, shown: NOTHING, shownUnit: "",
    quality: of ? Quality.NotMapped : Quality.None,
    ageS: null, suspect: null, register: null,
  };
}

function levelFigure(of: Model, id: string): LevelFigure | undefined {
  for (const level of of.levels) {
    const found = level.figures.find((figure) => figure.id === id);
    if (found) return found;
  }
  return undefined;
}

function readDerived(of: Model, ref: Ref, id: string, shown: Snapshot | null): Reading {
  const row = of.schema.figures[ref.index]!;
  const { part, metric } = splitId(id);
  const { value, quality } = derivedWorth(ref.index, shown);
  const ageS = quality === Quality.None ? null : derivedAge(row, shown);
  const text = writeValue(value, row.unit, metric, null, row.digits ?? null);
  return {
    id, part, metric, label: labelOf(of, id), unit: row.unit, derived: true,
    modelled: row.model === true,
    value, ...text, quality, ageS, suspect: null, register: null,
  };
}

function derivedWorth(index: number, shown: Snapshot | null): { value: number | null; quality: number } {
  const raw = shown?.frame.figureValue[index];
  const quality = derivedQuality(shown, index);
  return { value: raw !== undefined && Number.isFinite(raw) && hasValue(quality) ? raw : null, quality };
}

/** Quality of a derived figure as the frame says it; when no frame comes any more it is stale. */
export function derivedQuality(shown: Snapshot | null, index: number): number {
  const quality = shown?.frame.figureQuality[index] ?? Quality.None;
  const dead = shown !== null && !paused.value && serverNow(shown) - shown.frame.serverMs > DEAD_MS;
  return quality === Quality.Good && dead ? Quality.Stale : quality;
}

/** Age of a formula's oldest input, null where the schema does not say which blocks it is read from. */
function derivedAge(row: DerivedRow, shown: Snapshot | null): number | null {
  const times = (row.blocks ?? []).map((block) => shown?.frame.blockMs[block] ?? NaN).filter((ms) => ms > 0);
  return shown && times.length ? Math.max(0, serverNow(shown) - Math.min(...times)) / 1000 : null;
}

function readPoint(of: Model, i: number, id: string, shown: Snapshot | null): Reading {
  const p = of.schema.points;
  const metric = splitId(id).metric;
  const { quality, ageS, value } = pointWorth(of, i, shown);
  const isText = kindOfType(p.type[i]!) === "text";
  const everRead = ageS !== null;
  const written = isText
    ? { shown: everRead ? writeText(of, i, shown, quality) : NOTHING, shownUnit: "" }
    : writePoint(of, i, metric, value, shown);
  return {
    id, metric, part: p.part[i]!, label: labelOf(of, id), unit: p.unit[i]!, derived: false, modelled: false,
    value, ...written, quality, ageS, suspect: p.suspect[i] ?? null, register: registerLine(of, i),
  };
}

function pointWorth(of: Model, i: number, shown: Snapshot | null): { value: number | null; quality: number; ageS: number | null } {
  const { quality, ageS } = pointQuality(of, i, shown);
  const value = shown && ageS !== null && shown.states[i] === 0 && hasValue(quality) ? shown.values[i]! : null;
  return { value, quality, ageS };
}

/** Age of a point's block, null before its first answer. */
export function pointAge(of: Model, i: number, shown: Snapshot | null): number | null {
  const block = of.schema.points.block[i]!;
  const ms = block >= 0 ? shown?.frame.blockMs[block] : undefined;
  return shown && ms !== undefined && ms > 0 ? Math.max(0, serverNow(shown) - ms) / 1000 : null;
}

/** The qualities of many points at once, as `pointQuality` says them; -1 is no point and not mapped. */
export function qualitiesOf(of: Model, points: Int32Array, shown: Snapshot | null, out: Uint8Array): void {
  const p = of.schema.points;
  const now = shown ? serverNow(shown) : 0;
  const held = paused.value;
  for (let i = 0; i < points.length; i++) {
    const point = points[i]!;
    if (point < 0) out[i] = Quality.NotMapped;
    else if (!shown) out[i] = Quality.None;
    else {
      const ms = p.block[point]! >= 0 ? shown.frame.blockMs[p.block[point]!]! : 0;
      let quality = shown.frame.pointQuality[point]!;
      if (quality === Quality.Good && !(ms > 0)) quality = Quality.None;
      if (quality === Quality.Good && !held && now - ms > patienceMs(of, point)) quality = Quality.Stale;
      out[i] = quality;
    }
  }
}

function patienceMs(of: Model, point: number): number {
  return 1000 * (MISSED_POLLS * of.schema.devices[of.schema.points.device[point]!]!.every_s + GRACE_S);
}

/** Quality as the frame says it; a good value that the page has waited for too long is stale whoever is to blame. */
export function pointQuality(of: Model, i: number, shown: Snapshot | null): { quality: number; ageS: number | null } {
  const ageS = pointAge(of, i, shown);
  let quality: number = shown?.frame.pointQuality[i] ?? Quality.None;
  if (quality === Quality.Good && ageS === null) quality = Quality.None;
  if (quality === Quality.Good && !paused.value && ageS !== null && ageS * 1000 > patienceMs(of, i)) quality = Quality.Stale;
  return { quality, ageS };
}

export function registerLine(of: Model, i: number): string {
  const p = of.schema.points;
  return `FC ${p.fc[i]} · ${p.address[i]} · ${p.type[i]}`;
}

/** The smallest step of a register in SI, null where it is a float. */
export function quantum(of: Model, i: number, shown: Snapshot | null): number | null {
  const p = of.schema.points;
  if (kindOfType(p.type[i]!) === "float") return null;
  const exponent = p.sf_point[i]! < 0 ? (p.sf[i] ?? 0) : shown ? of.decoder.exponent(i, shown.frame.words) : 0;
  return exponent === null ? null : power(exponent) * Math.abs(p.factor[i]!);
}

function writeText(of: Model, i: number, shown: Snapshot | null, quality: number): string {
  const at = of.schema.points.offset[i]!;
  if (!shown || at < 0 || !hasValue(quality)) return NOTHING;
  return text(of.schema.points.type[i]!, shown.frame.words, at, of.schema.points.words[i]!) || NOTHING;
}

/** A number and its unit as they are shown. */
export function writeValue(value: number | null, unit: string, metric: string, step: number | null, digits: number | null) {
  const display = displayOf(unit, metric, value ?? 0, step, digits);
  if (value === null) return { shown: NOTHING, shownUnit: display.unit };
  return { shown: writeNumber(value * display.factor, display.decimals, language.value), shownUnit: display.unit };
}

function writePoint(of: Model, i: number, metric: string, value: number | null, shown: Snapshot | null) {
  const p = of.schema.points;
  const symbols = p.symbols[i];
  const codes = p.unit[i] === "code" || p.unit[i] === "" ? codeKind(of, i, metric) : null;
  if (value === null || !codes) return writeValue(value, p.unit[i]!, metric, quantum(of, i, shown), null);
  if (codes === "bits") {
    const set = bitsIn(value).map((bit) => symbols?.find((row) => row.value === bit) ?? bit).map((bit) => (typeof bit === "number" ? t("bits.unnamed", { n: bit }) : symbolText(bit)));
    return { shown: hex(value, bitsOf(of, i)), shownUnit: value === 0 ? t("bits.none") : set.join(", ") };
  }
  const symbol = symbols?.find((row) => row.value === value);
  if (symbol) return { shown: String(value), shownUnit: symbolText(symbol) };
  if (bitsOf(of, i) === 1 && value <= 1) return { shown: String(value), shownUnit: t(value ? "bit.on" : "bit.off") };
  return { shown: writeNumber(value, 0, language.value), shownUnit: "" };
}

/** Numbers of the bits that are set, lowest first. */
function bitsIn(value: number): number[] {
  const bits: number[] = [];
  for (let rest = BigInt(Math.trunc(value)), bit = 0; rest > 0n; rest >>= 1n, bit++) if (rest & 1n) bits.push(bit);
  return bits;
}

export function symbolText(symbol: SymbolRow): string {
  return vendor(symbol.label || symbol.name.replaceAll("_", " ").toLowerCase());
}

/** Whether a code is a set of bits or one number of a list. */
export function codeKind(of: Model, i: number, metric: string): "bits" | "number" | null {
  const type = of.schema.points.type[i]!;
  if (type.startsWith("bitfield")) return "bits";
  if (type.startsWith("enum") || bitsOf(of, i) === 1) return "number";
  if (of.schema.points.unit[i] !== "code") return null;
  return /(alarm_|fault|flag|word|relays|maintenance|modules_in_service)/.test(metric) ? "bits" : "number";
}

/** Width of a point's raw number in bits, after mask and shift. */
export function bitsOf(of: Model, i: number): number {
  const p = of.schema.points;
  const mask = p.mask[i];
  if (mask === null || mask === undefined) return p.fc[i]! <= 2 ? 1 : 16 * p.words[i]!;
  return (BigInt(mask) >> BigInt(p.shift[i]!)).toString(2).length;
}

function hex(value: number, bits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(Math.ceil(bits / 4), "0")}`;
}
