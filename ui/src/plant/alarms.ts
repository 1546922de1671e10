/**
 * Which registers speak of trouble, and what they say. A map names its alarm and fault words so; this page knows no vendor.
 * Names are an assumption where a point has no metric: `alarm`, `fault`, `fail`, `warning`, `blocked`, `Evt`.
 */

import type { SymbolRow } from "../wire/schema";
import type { Model } from "./model";
import { kindOf } from "./parts";

export interface AlarmRegister {
  id: string;
  point: number;
  /** A set of bits, one bit, or one number of a list where 0 is all well. */
  as: "bits" | "bit" | "code";
  /** Bits that speak of trouble; all of them in an alarm word. */
  mask: bigint;
  levels: readonly number[];
  /** Alarm level that the name states (1 to 3), 0 where it states none; the worst stands first. */
  grade: number;
}

const NAMED = /(alarm|fault|fail|warning|blocked|leak_flags|maintenance|^state_estop$|^evt|evt\d|evtvnd)/i;
const NOT = /(service_word|reset|interval|latched|counter|contact$)/i;
const STATE = /^(state|system_flags)$/;
const STATE_BIT = /\b(fault|alarm)\b/i;
const ALL = (1n << 64n) - 1n;

/** Levels that a person opens to see about a kind of part. */
const LEVELS: Record<string, readonly number[]> = {
  meter: [1, 13],
  pcs: [2, 10, 12],
  bus: [3, 11],
  rack: [3, 4, 6, 7, 8],
  module: [6],
  cooling: [5, 9],
  container: [5],
  smoke: [14],
  leak: [5, 14],
};
const SAFETY = 14;
const OF_SAFETY = /(fire|leak|smoke|estop|heat|gas|co_|h2_|extinguish)/i;

const known = new WeakMap<Model, AlarmRegister[]>();

/** Every alarm register that is read, in plant order. */
export function alarmRegisters(of: Model): AlarmRegister[] {
  let found = known.get(of);
  if (!found) known.set(of, (found = findRegisters(of)));
  return found;
}

function findRegisters(of: Model): AlarmRegister[] {
  const p = of.schema.points;
  const found: AlarmRegister[] = [];
  for (let i = 0; i < p.id.length; i++) {
    if (p.offset[i]! < 0 || p.access[i] !== "R") continue;
    const name = p.name[i]!;
    const metric = p.metric[i]?.split(".")[1] ?? "";
    const kind = kindOf(p.part[i]!) ?? "";
    const as = formOf(p.type[i]!, p.fc[i]!, p.unit[i]!);
    if (!as || NOT.test(name)) continue;
    const words = `${metric || name}`;
    const whole = NAMED.test(words) || (kind === "smoke" && metric === "relays") || (kind === "leak" && metric === "status");
    const mask = whole ? ALL : as === "bits" && STATE.test(words) && (kind === "pcs" || kind === "container") ? stateBits(p.symbols[i] ?? []) : 0n;
    if (mask === 0n) continue;
    const levels = new Set(LEVELS[kind] ?? []);
    if (OF_SAFETY.test(words)) levels.add(SAFETY);
    for (const [level, members] of of.members) if (members.some((ref) => !ref.derived && ref.index === i)) levels.add(level);
    found.push({ id: p.id[i]!, point: i, as, mask, levels: [...levels], grade: Number(/alarm_(?:level_)?(\d)/.exec(words)?.[1] ?? 0) });
  }
  return found;
}

function formOf(type: string, fc: number, unit: string): AlarmRegister["as"] | null {
  if (type.startsWith("bitfield")) return "bits";
  if (fc <= 2) return "bit";
  if (type.startsWith("enum")) return "code";
  return unit === "code" ? "bits" : null;
}

function stateBits(symbols: SymbolRow[]): bigint {
  return symbols.filter((symbol) => STATE_BIT.test(symbol.label || symbol.name)).reduce((mask, symbol) => mask | (1n << BigInt(symbol.value)), 0n);
}

/** Whether an alarm register's value means trouble. */
export function isSet(register: AlarmRegister, value: number): boolean {
  if (!Number.isFinite(value) || value === 0) return false;
  return register.as === "bits" ? (BigInt(Math.trunc(value)) & register.mask) !== 0n : true;
}

/** Whether a rack's contactor register says that it is open: by the name of its value, or by a bit called closed. */
export function isOpen(type: string, symbols: SymbolRow[], value: number): boolean {
  const named = (symbol: SymbolRow) => symbol.label || symbol.name;
  if (type.startsWith("bitfield")) {
    const closed = symbols.filter((symbol) => /\bclosed\b/i.test(named(symbol)));
    return closed.length > 0 && closed.every((symbol) => ((BigInt(Math.trunc(value)) >> BigInt(symbol.value)) & 1n) === 0n);
  }
  const said = symbols.find((symbol) => symbol.value === value);
  return said !== undefined && /\b(open|off|disconnected)\b/i.test(named(said));
}
