import { afterEach, describe, expect, it, vi } from "vitest";
import { route } from "../src/page/route";
import { buildModel } from "../src/plant/model";
import { piecesOf, SENTENCES } from "../src/tour/sentences";
import { slotsOf } from "../src/tour/slots";
import { endTour, step, STOP_MS, tour, visit, type Tour } from "../src/tour/state";
import { levels, plant, schema } from "./fixtures/plant";

const loads = vi.hoisted((): ((part: unknown) => void)[] => []);
vi.mock("../src/page/lazy", () => ({ fetched: () => new Promise((resolve) => loads.push(resolve)) }));

const of = buildModel(schema, plant, levels);
const LANGUAGES = ["en", "de"] as const;
const LEVELS = Array.from({ length: 14 }, (_, n) => n + 1);

describe("the tour's time", () => {
  it("takes about two minutes and ends after the last level", () => {
    let tour: Tour | null = { ms: 0, running: true };
    let level = 1;
    let passed = 0;
    const seen = [level];
    while (tour && passed < 1e6) {
      const next = step(tour, level, 250);
      passed += 250;
      if (next.level !== level) seen.push(next.level);
      [tour, level] = [next.tour, next.level];
    }
    expect(seen).toEqual(LEVELS);
    expect(passed).toBeGreaterThan(100_000);
    expect(passed).toBeLessThan(140_000);
  });

  it("stands still while it waits", () => {
    const waiting = { ms: 500, running: false };
    expect(step(waiting, 3, 1e6)).toEqual({ tour: waiting, level: 3 });
  });

  it("counts only the level that is shown", () => {
    expect(step({ ms: STOP_MS - 1, running: true }, 7, 1)).toEqual({ tour: { ms: 0, running: true }, level: 8 });
    expect(step({ ms: 0, running: true }, 7, 1)).toEqual({ tour: { ms: 1, running: true }, level: 7 });
  });
});

describe("a way to another level", () => {
  const places = { placeOf: () => null };

  afterEach(() => {
    endTour();
    loads.length = 0;
    vi.unstubAllGlobals();
  });

  it("is the one wished last, whichever code arrives first", async () => {
    vi.stubGlobal("location", { hash: "#/level/1" });
    tour.value = { ms: 0, running: false };
    const ways = [visit(1), visit(2)];
    loads[1]!(places);
    await ways[1];
    loads[0]!(places);
    await ways[0];
    expect(route.value.level).toBe(2);
  });

  it("is not gone once the tour has ended", async () => {
    vi.stubGlobal("location", { hash: "#/level/2" });
    tour.value = { ms: 0, running: false };
    const way = visit(7);
    endTour();
    loads[0]!(places);
    await way;
    expect(location.hash).toBe("#/level/2");
  });
});

describe("the sentences", () => {
  it.each(LANGUAGES)("in %s: one for each level, and without a number of their own", (language) => {
    expect(Object.keys(SENTENCES[language]).map(Number)).toEqual(LEVELS);
    for (const { live, plain } of Object.values(SENTENCES[language])) {
      for (const text of [live, plain]) {
        expect(text).not.toMatch(/\d/);
        expect(text).toMatch(/\.$/);
      }
      expect(plain).not.toMatch(/[{}]/);
    }
  });

  it.each(LANGUAGES)("in %s: every gap has its register, and every register its gap", (language) => {
    for (const level of LEVELS) {
      const gaps = piecesOf(SENTENCES[language][level]!.live).flatMap((piece) => ("slot" in piece ? [piece.slot] : []));
      expect(gaps.length, String(level)).toBeGreaterThan(0);
      expect([...gaps].sort(), String(level)).toEqual([...slotsOf(level, of, null).keys()].sort());
    }
  });
});

describe("what fills a gap", () => {
  it("is of the part that is looked at, else of the first", () => {
    expect(slotsOf(4, of, null).get("voltage")).toBe("c1/r01/m1/cell001/voltage");
    expect(slotsOf(4, of, "c1/r02/m1/cell003").get("voltage")).toBe("c1/r02/m1/cell003/voltage");
    expect(slotsOf(4, of, "c1/r02/m1/cell003/voltage").get("voltage")).toBe("c1/r02/m1/cell003/voltage");
  });

  it("is nothing where this plant has no register", () => {
    expect(slotsOf(14, of, null).get("smoke")).toBeNull();
    expect(slotsOf(1, of, null).get("frequency")).toBeNull();
    expect(slotsOf(1, of, null).get("power")).toBe("meter/active_power");
  });
});

describe("the pieces of a sentence", () => {
  it("keep a mark beside the number before it", () => {
    expect(piecesOf("reads {power} at {frequency}; above zero {sum}.")).toEqual([
      { text: "reads " }, { slot: "power", mark: "" }, { text: " at " }, { slot: "frequency", mark: ";" }, { text: " above zero " }, { slot: "sum", mark: "." },
    ]);
  });

  it("are the whole sentence", () => {
    for (const { live } of Object.values(SENTENCES.de)) {
      expect(piecesOf(live).map((piece) => ("text" in piece ? piece.text : `{${piece.slot}}${piece.mark}`)).join("")).toBe(live);
    }
  });
});
