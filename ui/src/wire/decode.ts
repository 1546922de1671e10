/**
 * From raw words to values, rule for rule as the server's codec does it; both are held to the same golden vectors.
 *
 *   value = sign × ((raw × 10^sf + add) × factor)
 *
 * computed as raw × num ÷ den + offset with sign and factor folded in, so that a decimal value is rounded once.
 * `raw` is the number in the point's words (reversed where the low word comes first), cut out by mask and shift,
 * then signed at its width. Sentinels are compared before any sign.
 */

import { fractionOf, type Fraction } from "./fraction";
import type { PointColumns } from "./schema";

export const enum State {
  Ok = 0,
  /** The raw number is the map's "not implemented" value. */
  Sentinel = 1,
  /** The register that carries the scale factor is not implemented, or is no possible exponent. */
  NoScale = 2,
  /** NaN or infinity, or a nibble above nine in a BCD value. */
  NotANumber = 3,
  /** The image carries no words of this point. */
  NoWords = 4,
}

export type Kind = "uint" | "int" | "float" | "text" | "pad";

/** How one value is decoded; field names are those of the golden vectors. */
export interface Rule {
  type: string;
  low_first: boolean;
  mask: number | bigint | null;
  shift: number;
  /** Exponent of ten; null where a register should carry it and does not. A scale register is resolved by the caller. */
  sf: number | null;
  add: number;
  sign: number;
  factor: number;
  sentinel: readonly (number | bigint)[];
  bcd: boolean;
}

export interface Decoded {
  value: number;
  state: State;
}

const LARGEST_EXPONENT = 10;

export function kindOf(type: string): Kind {
  if (type.startsWith("int") || type === "sunssf") return "int";
  if (type.startsWith("float")) return "float";
  if (type === "string" || type === "ipaddr" || type === "ipv6addr" || type === "eui48") return "text";
  return type === "pad" ? "pad" : "uint";
}

/** The unsigned number over all words of a value, before mask and shift. */
export function unsigned(words: ArrayLike<number>, at: number, count: number, lowFirst: boolean): bigint {
  let raw = 0n;
  for (let i = 0; i < count; i++) raw = (raw << 16n) | BigInt(words[at + (lowFirst ? count - 1 - i : i)]!);
  return raw;
}

/** Decodes one value from `count` words that start at index `at`. */
export function decode(rule: Rule, words: ArrayLike<number>, at: number, count: number): Decoded {
  const kind = kindOf(rule.type);
  if (at < 0 || at + count > words.length || count === 0) return { value: NaN, state: State.NoWords };
  if (kind === "text" || kind === "pad") return { value: NaN, state: State.NotANumber };
  let raw = unsigned(words, at, count, rule.low_first);
  let bits = 16 * count;
  if (rule.mask !== null) {
    const mask = BigInt(rule.mask);
    raw = (raw & mask) >> BigInt(rule.shift);
    bits = (mask >> BigInt(rule.shift)).toString(2).length;
  }
  if (isSentinel(raw, rule.sentinel)) return { value: NaN, state: State.Sentinel };
  if (rule.sf === null || Math.abs(rule.sf) > LARGEST_EXPONENT) return { value: NaN, state: State.NoScale };
  const number = rule.bcd ? fromBcd(raw) : kind === "float" ? fromFloat(raw, count) : fromInteger(raw, bits, kind === "int");
  if (!Number.isFinite(number)) return { value: NaN, state: State.NotANumber };
  const value = scale(number, fractionOf(rule.sf, rule.factor), rule);
  return Number.isFinite(value) ? { value, state: State.Ok } : { value: NaN, state: State.NotANumber };
}

interface Scaling {
  sign: number;
  add: number;
  factor: number;
}

// adding zero leaves no minus before a zero whose sign was turned
function scale(number: number, [num, den]: Fraction, { sign, add, factor }: Scaling): number {
  return sign * ((number * num) / den) + sign * add * factor + 0;
}

function isSentinel(raw: bigint, sentinels: readonly (number | bigint)[]): boolean {
  return sentinels.some((sentinel) => raw === exact(sentinel));
}

// the only sentinel of 64 bits that a JSON number cannot carry is "all ones"
function exact(sentinel: number | bigint): bigint {
  return sentinel === 2 ** 64 ? 2n ** 64n - 1n : BigInt(sentinel);
}

function fromInteger(raw: bigint, bits: number, signed: boolean): number {
  return Number(signed ? BigInt.asIntN(bits, raw) : raw);
}

function fromFloat(raw: bigint, count: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, raw);
  return count === 2 ? view.getFloat32(4) : view.getFloat64(0);
}

function fromBcd(raw: bigint): number {
  const digits = raw.toString(16);
  return /^\d+$/.test(digits) ? Number(digits) : NaN;
}

/** The text of a string, address or EUI point; empty where the device left it blank. Devices are foreign input: what cannot be shown is left out. */
export function text(type: string, words: ArrayLike<number>, at: number, count: number): string {
  const bytes = new Uint8Array(2 * count);
  for (let i = 0; i < count; i++) {
    bytes[2 * i] = words[at + i]! >> 8;
    bytes[2 * i + 1] = words[at + i]! & 0xff;
  }
  if (bytes.every((byte) => byte === 0)) return "";
  if (type === "ipaddr") return bytes.join(".");
  if (type === "eui48") return bytes.slice(2).every((byte) => byte === 0xff) ? "" : [...bytes.slice(2)].map(hexByte).join(":");
  if (type === "ipv6addr") return Array.from({ length: count }, (_, i) => words[at + i]!.toString(16)).join(":");
  const end = bytes.indexOf(0);
  const shown = new TextDecoder("utf-8").decode(end < 0 ? bytes : bytes.slice(0, end));
  return shown.replaceAll(/\p{C}/gu, "").trim();
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** Decodes a whole image against a schema; `values` and `states` have one entry per point. */
export class Decoder {
  private readonly simple: Int32Array;
  private readonly others: Int32Array;
  private readonly num: Float64Array;
  private readonly den: Float64Array;
  private readonly rules: (Rule | undefined)[] = [];

  constructor(private readonly points: PointColumns) {
    const simple: number[] = [];
    const others: number[] = [];
    this.num = new Float64Array(points.id.length);
    this.den = new Float64Array(points.id.length);
    for (let i = 0; i < points.id.length; i++) {
      [this.num[i], this.den[i]] = fractionOf(points.sf[i] ?? 0, points.factor[i]!);
      (this.isSimple(i) ? simple : others).push(i);
    }
    this.simple = Int32Array.from(simple);
    this.others = Int32Array.from(others);
  }

  get size(): number {
    return this.points.id.length;
  }

  /** Writes all values (NaN where the state is not Ok) and states. */
  decodeAll(words: Uint16Array, values: Float64Array, states: Uint8Array): void {
    const { offset, type, add, sign, factor, sentinel } = this.points;
    for (const i of this.simple) {
      const raw = words[offset[i]!]!;
      if (sentinel[i]?.includes(raw)) {
        values[i] = NaN;
        states[i] = State.Sentinel;
        continue;
      }
      const number = type[i] === "int16" ? (raw << 16) >> 16 : raw;
      values[i] = sign[i]! * ((number * this.num[i]!) / this.den[i]!) + sign[i]! * add[i]! * factor[i]! + 0;
      states[i] = State.Ok;
    }
    for (const i of this.others) {
      const decoded = this.decodeOne(i, words);
      values[i] = decoded.value;
      states[i] = decoded.state;
    }
  }

  /** Decodes one point of the image. */
  decodeOne(i: number, words: ArrayLike<number>): Decoded {
    const at = this.points.offset[i]!;
    if (at < 0) return { value: NaN, state: State.NoWords };
    return decode(this.rule(i, words), words, at, this.points.words[i]!);
  }

  /** Decodes one point from words of its own (a passport's words) while scale factors come from the image. */
  decodeWords(i: number, own: ArrayLike<number>, image: ArrayLike<number>): Decoded {
    return decode(this.rule(i, image), own, 0, this.points.words[i]!);
  }

  /** The exponent of ten of a point, null where the register that should carry it does not. */
  exponent(i: number, words: ArrayLike<number>): number | null {
    const at = this.points.sf_point[i]!;
    if (at < 0) return this.points.sf[i] ?? 0;
    const offset = this.points.offset[at]!;
    if (offset < 0) return null;
    const exponent = (words[offset]! << 16) >> 16;
    return Math.abs(exponent) <= LARGEST_EXPONENT ? exponent : null;
  }

  private isSimple(i: number): boolean {
    const p = this.points;
    const plain = p.words[i] === 1 && p.mask[i] === null && p.sf_point[i]! < 0 && !p.bcd[i] && p.offset[i]! >= 0;
    const kind = kindOf(p.type[i]!);
    return plain && (kind === "uint" || p.type[i] === "int16");
  }

  private rule(i: number, words: ArrayLike<number>): Rule {
    const p = this.points;
    const known = this.rules[i];
    if (known) return p.sf_point[i]! < 0 ? known : { ...known, sf: this.exponent(i, words) };
    const rule: Rule = {
      type: p.type[i]!,
      low_first: Boolean(p.low_first[i]),
      mask: p.mask[i] ?? null,
      shift: p.shift[i]!,
      sf: this.exponent(i, words),
      add: p.add[i]!,
      sign: p.sign[i]!,
      factor: p.factor[i]!,
      sentinel: p.sentinel[i] ?? [],
      bcd: Boolean(p.bcd[i]),
    };
    this.rules[i] = rule;
    return rule;
  }
}
