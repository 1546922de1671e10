/** What happened since this page was opened: alarms set and cleared, racks opened, devices that fell silent, in order of time. */

import { effect, signal, untracked } from "@preact/signals";
import { alarmRegisters, isSet, type AlarmRegister } from "../plant/alarms";
import type { Model } from "../plant/model";
import { splitId } from "../plant/parts";
import { hasValue } from "./quality";
import { pointAge, pointQuality } from "./reading";
import { live, model, type Snapshot } from "./snapshot";
import { troubleOf, type Trouble } from "./trouble";

export type What = "set" | "cleared" | "silent" | "answers" | "opened" | "closed";

export interface Entry {
  /** When the answer came that said so, ms since epoch; for silence, when it was noticed. */
  ms: number;
  what: What;
  /** The register that said so; for silence the device. */
  id: string;
  /** The bits that changed, or the code; null where only the register itself says something. */
  value: number | null;
  /** It was so already when the page was opened. */
  found: boolean;
}

export interface Journal {
  since: number | null;
  /** Oldest first. */
  entries: readonly Entry[];
}

const MOST = 500;

export const journal = signal<Journal>({ since: null, entries: [] });

/** What was so when the last frame came. */
export interface Known {
  alarms: Map<string, number>;
  silent: Set<string>;
  /** The register that says so, by rack: another of its registers may say it later. */
  open: Map<string, string>;
}

/** What is so now; a register without a value says nothing new. */
export function knownNow(of: Model, shown: Snapshot, now: Trouble, before: Known | null): Known {
  const alarms = new Map<string, number>();
  for (const register of alarmRegisters(of)) {
    const said = valueOf(of, shown, register) ?? before?.alarms.get(register.id);
    if (said !== undefined) alarms.set(register.id, said);
  }
  return { alarms, silent: new Set(now.silent.filter(({ state }) => state !== "partly").map(({ id }) => id)), open: new Map(now.open.map((id) => [splitId(id).part, id])) };
}

function valueOf(of: Model, shown: Snapshot, register: AlarmRegister): number | null {
  const { point } = register;
  if (shown.states[point] !== 0 || pointAge(of, point, shown) === null || !hasValue(pointQuality(of, point, shown).quality)) return null;
  const value = shown.values[point]!;
  if (!isSet(register, value)) return 0;
  return register.as === "bits" ? Number(BigInt(Math.trunc(value)) & register.mask) : value;
}

/** What came between two frames, in order of time. */
export function changes(of: Model, shown: Snapshot, before: Known | null, now: Known): Entry[] {
  const found = before === null;
  const out: Entry[] = [];
  const said = (id: string) => {
    const ref = of.refs.get(id);
    const block = ref && !ref.derived ? of.schema.points.block[ref.index]! : -1;
    return block >= 0 ? shown.frame.blockMs[block]! : shown.frame.serverMs;
  };
  const note = (what: What, id: string, value: number | null, ms: number) => out.push({ ms, what, id, value, found });
  const bits = new Set(alarmRegisters(of).flatMap((register) => (register.as === "bits" ? [register.id] : [])));
  for (const [id, value] of now.alarms) {
    const was = before?.alarms.get(id) ?? 0;
    if (was === value) continue;
    const [set, gone] = bits.has(id) ? [without(value, was), without(was, value)] : [value, was];
    if (gone > 0) note("cleared", id, gone, said(id));
    if (set > 0) note("set", id, set, said(id));
  }
  for (const [rack, id] of now.open) if (!before?.open.has(rack)) note("opened", id, null, said(id));
  for (const [rack, id] of before?.open ?? []) if (!now.open.has(rack)) note("closed", id, null, said(id));
  for (const id of now.silent) if (!before?.silent.has(id)) note("silent", id, null, shown.frame.serverMs);
  for (const id of before?.silent ?? []) if (!now.silent.has(id)) note("answers", id, null, shown.frame.serverMs);
  return out.sort((a, b) => a.ms - b.ms);
}

function without(a: number, b: number): number {
  return Number(BigInt(a) & ~BigInt(b));
}

/** Keeps the journal from frame to frame, whether the page is held or not. */
export function keepJournal(): () => void {
  let before: Known | null = null; // by ids, which outlive a schema
  return effect(() => {
    const of = model.value;
    const shown = live.value;
    // another schema has other registers, and a page in the past may have the schema of then
    if (!of || !shown || shown.frame.schemaHash !== of.schema.hash.slice(0, 8)) return;
    untracked(() => {
      // judged at the frame's own time: a page that was held up for a while says nothing about devices
      const known = knownNow(of, shown, troubleOf(of, shown, shown.frame.serverMs), before);
      const fresh = changes(of, shown, before, known);
      before = known;
      const { since, entries } = journal.peek();
      if (since !== null && fresh.length === 0) return;
      journal.value = { since: since ?? shown.frame.serverMs, entries: [...entries, ...fresh].slice(-MOST) };
    });
  });
}
