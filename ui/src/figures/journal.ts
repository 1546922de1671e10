/** What happened since this page was opened: alarms set and cleared, racks opened, devices that fell silent, in order of time. */

import { effect, signal, untracked } from "@preact/signals";
import { alarmRegisters, isSet, type AlarmRegister } from "../plant/alarms";
import type { Model } from "../plant/model";
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
  open: Set<string>;
}

/** What is so now; a register without a value says nothing new. */
export function knownNow(of: Model, shown: Snapshot, now: Trouble, before: Known | null): Known {
  const alarms = new Map<string, number>();
  for (const register of alarmRegisters(of)) {
    const said = valueOf(of, shown, register) ?? before?.alarms.get(register.id);
    if (said !== undefined) alarms.set(register.id, said);
  }
  return { alarms, silent: new Set(now.silent.filter(({ state }) => state !== "partly").map(({ id }) => id)), open: new Set(now.open) };
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
  const compare = (was: ReadonlySet<string> | undefined, is: ReadonlySet<string>, came: What, went: What, time: (id: string) => number) => {
    for (const id of is) if (!was?.has(id)) note(came, id, null, time(id));
    for (const id of was ?? []) if (!is.has(id)) note(went, id, null, time(id));
  };
  compare(before?.open, now.open, "opened", "closed", said);
  compare(before?.silent, now.silent, "silent", "answers", () => shown.frame.serverMs);
  return out.sort((a, b) => a.ms - b.ms);
}

function without(a: number, b: number): number {
  return Number(BigInt(a) & ~BigInt(b));
}

/** Keeps the journal from frame to frame, whether the page is held or not. */
export function keepJournal(): () => void {
  let before: { of: Model; known: Known } | null = null;
  return effect(() => {
    const of = model.value;
    const shown = live.value;
    // another schema has other registers, and a page in the past may have the schema of then
    if (!of || !shown || shown.frame.schemaHash !== of.schema.hash.slice(0, 8)) return;
    untracked(() => {
      const last = before?.of.schema.hash === of.schema.hash ? before.known : null;
      // judged at the frame's own time: a page that was held up for a while says nothing about devices
      const known = knownNow(of, shown, troubleOf(of, shown, shown.frame.serverMs), last);
      const fresh = changes(of, shown, last, known);
      before = { of, known };
      const { since, entries } = journal.peek();
      if (since !== null && fresh.length === 0) return;
      journal.value = { since: since ?? shown.frame.serverMs, entries: [...entries, ...fresh].slice(-MOST) };
    });
  });
}
