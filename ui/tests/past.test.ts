import { describe, expect, it } from "vitest";
import type { Drawn } from "../src/history/api";
import { columnsOf } from "../src/history/columns";
import { csvOf, csvOfField } from "../src/history/csv";
import { rangeOf, readField } from "../src/history/field";
import { seeker } from "../src/history/seek";
import { shifted, windowOf, writeWindow, zoomed } from "../src/history/spans";
import { together } from "../src/history/together";

function drawn(id: string, t: number[], mean: (number | null)[], left_out = t.map(() => 0)): Drawn {
  return { id, label: id, unit: "V", step_ms: 1000, source: "sweeps", t, low: mean, high: mean, mean, count: mean.map((value) => (value === null ? 0 : 1)), left_out };
}

describe("seeking", () => {
  it("has one question on its way and asks the newest of those that wait", async () => {
    const asked: number[] = [];
    const shown: number[] = [];
    let answer: (() => void) | null = null;
    const of = seeker((ms) => new Promise<number>((resolve) => (asked.push(ms), (answer = () => resolve(ms)))), (_, ms) => void shown.push(ms), () => undefined);
    const turn = () => new Promise((over) => setTimeout(over, 0));
    for (const ms of [1, 2, 3, 4]) of.go(ms);
    expect(asked).toEqual([1]);
    answer!();
    await turn();
    expect([asked, shown]).toEqual([[1, 4], [1]]);
    of.stop();
    answer!();
    await turn();
    expect(shown).toEqual([1]);
  });

  it("goes on after a failure", async () => {
    const failures: string[] = [];
    const shown: number[] = [];
    const of = seeker((ms) => (ms === 1 ? Promise.reject(new Error("gone")) : Promise.resolve(ms)), (_, ms) => void shown.push(ms), (reason) => void failures.push(reason.message));
    of.go(1);
    await new Promise((over) => setTimeout(over, 0));
    of.go(2);
    await new Promise((over) => setTimeout(over, 0));
    expect([failures, shown]).toEqual([["gone"], [2]]);
  });
});

describe("a window of time", () => {
  it("is a name, or from and to", () => {
    expect(windowOf("five", 1_000_000)).toEqual({ from: 700_001, to: 1_000_001, name: "five" });
    expect(windowOf("5000..9000", 1_000_000)).toEqual({ from: 5000, to: 9000, name: null });
    for (const odd of [null, "9000..5000", "5000..5001", "year"]) expect(windowOf(odd, 10_000_000).name).toBe("hour");
  });

  it("is zoomed about a place and moved, and never leaves the record", () => {
    const at = windowOf("100000..200000", 0);
    expect(zoomed(at, 0.5, 0.5, 0, 1_000_000)).toBe("125000..175000");
    expect(zoomed(at, 2, 0, 0, 1_000_000)).toBe("100000..300000");
    expect(shifted(at, 0.25, 0, 1_000_000)).toBe("125000..225000");
    expect(shifted(at, 100, 0, 1_000_000)).toBe(writeWindow(950_001, 1_050_001));
    expect(zoomed(windowOf("100000..102000", 0), 0.5, 0.5, 0, 1_000_000)).toBe("100000..102000");
  });
});

describe("several figures in one plot", () => {
  it("share one axis of time: holes stay holes, times of others do not cut a line", () => {
    const quick = columnsOf(drawn("a", [0, 1000, 2000, 3000], [1, 2, null, 4]), 1);
    const slow = columnsOf(drawn("b", [0, 3000], [10, 40]), 1);
    const { t, rows } = together([quick, slow]);
    expect(t).toEqual([0, 1, 2, 3]);
    expect(rows[0]!.mean).toEqual([1, 2, null, 4]);
    expect(rows[1]!.mean).toEqual([10, undefined, undefined, 40]);
  });

  it("are saved as they are shown", () => {
    const text = csvOf([
      { drawn: drawn("meter/voltage", [0, 1000], [1500, null], [0, 2]), factor: 0.001, unit: "kV" },
      { drawn: drawn("a,b", [1000], [0.1]), factor: 3, unit: "" },
    ]);
    expect(text.split("\n")).toEqual([
      'time_utc,meter/voltage mean [kV],meter/voltage low [kV],meter/voltage high [kV],meter/voltage count,meter/voltage left_out,"a,b mean","a,b low","a,b high","a,b count","a,b left_out"',
      "1970-01-01T00:00:00.000Z,1.5,1.5,1.5,1,0,,,,,",
      "1970-01-01T00:00:01.000Z,,,,0,2,0.3,0.3,0.3,1,0",
      "",
    ]);
  });
});

describe("a field of cells over time", () => {
  const about = new TextEncoder().encode(JSON.stringify({ metric: "cell.voltage", unit: "V", begin_ms: 0, step_ms: 1000, spans: 2, source: "sweeps", id: ["x", "y"], part: ["x", "y"] }).padEnd(120));
  const bytes = new Uint8Array(4 + about.length + 80);
  new DataView(bytes.buffer).setUint32(0, about.length, true);
  bytes.set(about, 4);
  const floats = [3, NaN, 3.5, 4, 3, NaN, 3.5, 4, 3, NaN, 3.5, 4];
  new Float32Array(bytes.buffer, 4 + about.length, 12).set(floats);
  new Uint32Array(bytes.buffer, 4 + about.length + 48, 8).set([2, 0, 1, 1, 0, 3, 0, 0]);

  it("is read as the server wrote it", () => {
    const field = readField(bytes.buffer);
    expect([...field.mean]).toEqual([3, NaN, 3.5, 4]);
    expect([...field.leftOut]).toEqual([0, 3, 0, 0]);
    expect(rangeOf(field)).toEqual([3, 4]);
    expect(() => readField(bytes.buffer.slice(0, -4))).toThrow("bytes");
  });

  it("is saved without spans that no sweep was in", () => {
    const lines = csvOfField(readField(bytes.buffer), 1000, "mV").trim().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe("1970-01-01T00:00:00.000Z,x,3000,3000,3000,2,0");
    expect(lines[2]).toBe("1970-01-01T00:00:01.000Z,x,,,,0,3");
  });
});
