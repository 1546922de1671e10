/** What is not as it should be right now: alarms that are set, devices that are silent, racks that are disconnected. */

import { computed } from "@preact/signals";
import { alarmRegisters, isOpen, isSet, type AlarmRegister } from "../plant/alarms";
import { find, partsOf, type Model } from "../plant/model";
import { hasValue, Quality } from "./quality";
import { pointAge, pointQuality } from "./reading";
import { health, model, serverNow, snapshot, type Snapshot } from "./snapshot";

export interface SilentDevice {
  id: string;
  label: string;
  state: "down" | "partly" | "stale";
  ageS: number | null;
  error: string;
  levels: ReadonlySet<number>;
}

export interface Trouble {
  set: AlarmRegister[];
  silent: SilentDevice[];
  /** Contactor registers of racks that say open. */
  open: string[];
}

/** Levels that show what is connected to what. */
export const OPEN_LEVELS: readonly number[] = [1, 2, 3, 11];
const CONTACTORS = ["relay_positive", "relay_negative", "connection_state"];
const MISSED = 3;
const GRACE_S = 2;

export const trouble = computed<Trouble>(() => {
  const of = model.value;
  return of ? troubleOf(of, snapshot.value) : { set: [], silent: [], open: [] };
});

/** `nowMs`: the server's time that silence is judged at. */
export function troubleOf(of: Model, shown: Snapshot | null, nowMs = shown ? serverNow(shown) : 0): Trouble {
  return { set: shown ? alarmsSet(of, shown) : [], silent: silentDevices(of, shown, nowMs), open: shown ? openRacks(of, shown) : [] };
}

function alarmsSet(of: Model, shown: Snapshot): AlarmRegister[] {
  return alarmRegisters(of).filter((register) => {
    const { point } = register;
    if (shown.states[point] !== 0 || !isSet(register, shown.values[point]!)) return false;
    return hasValue(pointQuality(of, point, shown).quality) && pointAge(of, point, shown) !== null;
  });
}

function openRacks(of: Model, shown: Snapshot): string[] {
  const p = of.schema.points;
  return partsOf(of, "rack").flatMap((rack) => {
    const id = CONTACTORS.map((metric) => find(of, rack, metric)).find((found) => {
      const ref = found ? of.refs.get(found) : undefined;
      if (!ref || ref.derived || shown.states[ref.index] !== 0) return false;
      const { quality } = pointQuality(of, ref.index, shown);
      return hasValue(quality) && quality !== Quality.None && isOpen(p.type[ref.index]!, p.symbols[ref.index] ?? [], shown.values[ref.index]!);
    });
    return id ? [id] : [];
  });
}

function silentDevices(of: Model, shown: Snapshot | null, nowMs: number): SilentDevice[] {
  const states = new Map((health.value?.devices ?? []).map((row) => [row.id, row]));
  const newest = newestAnswers(of, shown);
  const levels = levelsOf(of);
  return of.schema.devices.flatMap((device, n) => {
    const row = states.get(device.id);
    const ageS = shown && newest[n]! > 0 ? Math.max(0, nowMs - newest[n]!) / 1000 : null;
    const late = ageS !== null && ageS > MISSED * device.every_s + GRACE_S;
    const state = row?.state === "down" && (late || ageS === null) ? "down" : late ? "stale" : row?.state === "partly" ? "partly" : null;
    return state ? [{ id: device.id, label: device.label || device.id, state, ageS, error: row?.error ?? "", levels: levels[n]! } satisfies SilentDevice] : [];
  });
}

/** For every device the time of its newest answer, 0 where it never answered. */
function newestAnswers(of: Model, shown: Snapshot | null): number[] {
  const newest = of.schema.devices.map(() => 0);
  of.schema.blocks.forEach((block, b) => {
    const ms = shown?.frame.blockMs[b] ?? 0;
    if (ms > newest[block.device]!) newest[block.device] = ms;
  });
  return newest;
}

const known = new WeakMap<Model, Set<number>[]>();
const CELL_LEVELS = [4, 7, 8];
const SENSOR_LEVEL = 9;

/** The levels that each device has figures on. */
function levelsOf(of: Model): Set<number>[] {
  let found = known.get(of);
  if (found) return found;
  const p = of.schema.points;
  found = of.schema.devices.map(() => new Set<number>());
  const note = (point: number, level: number) => point >= 0 && found![p.device[point]!]!.add(level);
  for (const [level, members] of of.members) for (const ref of members) if (!ref.derived) note(ref.index, level);
  for (const register of alarmRegisters(of)) for (const level of register.levels) note(register.point, level);
  for (const level of CELL_LEVELS) of.cells?.points.forEach((point) => note(point, level));
  of.sensors?.points.forEach((point) => note(point, SENSOR_LEVEL));
  known.set(of, found);
  return found;
}
