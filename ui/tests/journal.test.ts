import { describe, expect, it } from "vitest";
import { take } from "../src/figures/snapshot";
import { changes, knownNow, type Known } from "../src/figures/journal";
import { readFrame } from "../src/wire/frame";
import { alarmRegisters } from "../src/plant/alarms";
import { buildModel } from "../src/plant/model";
import { frame, levels, plant, schema as plain } from "./fixtures/plant";

/** The made-up plant with its fourth register as an alarm word. */
const WORD = 3;
const schema = structuredClone(plain);
schema.points.name[WORD] = "alarm_word_1";
schema.points.metric[WORD] = "rack.alarm_word_1";
schema.points.type[WORD] = "bitfield16";
schema.points.sf[WORD] = 0;
const of = buildModel(schema, plant, levels);
const id = schema.points.id[WORD]!;
const NOW = 1_700_000_000_000;
const QUIET = { set: [], silent: [], open: [] };

async function shown(value: number, ms = NOW) {
  const snapshot = take(await readFrame(frame(NOW, [ms, ms, ms])), of);
  snapshot.values[WORD] = value;
  return snapshot;
}

describe("the journal", () => {
  it("knows the register at all", () => {
    expect(alarmRegisters(of).map((register) => register.id)).toEqual([id]);
  });

  it("notes bits that come and bits that go, at the time of the answer", async () => {
    const first = await shown(0b0101);
    const known = knownNow(of, first, QUIET, null);
    expect(changes(of, first, null, known)).toEqual([{ ms: NOW, what: "set", id, value: 0b0101, found: true }]);
    const next = await shown(0b0110, NOW + 700);
    const after = knownNow(of, next, QUIET, known);
    expect(changes(of, next, known, after)).toEqual([
      { ms: NOW + 700, what: "cleared", id, value: 0b0001, found: false },
      { ms: NOW + 700, what: "set", id, value: 0b0010, found: false },
    ]);
    expect(changes(of, next, after, knownNow(of, next, QUIET, after))).toEqual([]);
  });

  it("says nothing new of a register that has no value", async () => {
    const first = await shown(0b1);
    const known = knownNow(of, first, QUIET, null);
    const lost = await shown(0);
    lost.states[WORD] = 3;
    const after = knownNow(of, lost, QUIET, known);
    expect(changes(of, lost, known, after)).toEqual([]);
    expect(after.alarms.get(id)).toBe(1);
  });

  it("notes who falls silent and answers again, and what opens and closes, in order of time", async () => {
    const now = await shown(0);
    const before: Known = { alarms: new Map([[id, 0]]), silent: new Set(["bcu1"]), open: new Map() };
    const after: Known = { alarms: new Map([[id, 0]]), silent: new Set(["bcu2"]), open: new Map([["c1/r01", id]]) };
    const found = changes(of, now, before, after);
    expect(found.map(({ what, id: who }) => `${what} ${who}`)).toEqual([`opened ${id}`, "silent bcu2", "answers bcu1"]);
    expect([...found].sort((a, b) => a.ms - b.ms)).toEqual(found);
  });
});
