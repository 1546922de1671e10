import { describe, expect, it } from "vitest";
import { readHash, writeHash } from "../src/page/route";
import { matches } from "../src/signals/list";
import { held, pieces } from "../src/signals/pieces";

describe("a text with scenarios", () => {
  it("becomes text and numbers in the order of the list", () => {
    expect(pieces("Weak [weak-cell]. Shorted [internal-short], weak again [weak-cell]", ["weak-cell", "internal-short"])).toEqual([
      "Weak",
      { number: 1 },
      ". Shorted",
      { number: 2 },
      ", weak again",
      { number: 1 },
    ]);
  });

  it("keeps brackets that name no scenario", () => {
    expect(pieces("0.1 [unit] a second", ["weak-cell"])).toEqual(["0.1 [unit] a second"]);
  });
});

describe("numbers", () => {
  it("keep their unit on their line", () => {
    expect(held("above 97 % and 3.65 V, 20 m away, 2 minutes")).toBe("above 97\u00a0% and 3.65\u00a0V, 20\u00a0m away, 2 minutes");
  });
});

describe("the list of signals", () => {
  const row = { metric: "meter.active_power", title: "Wirkleistung", unit: "W", levels: [1], registers: 1, also: ["meter.active_power_l1"] };
  const grid = { id: "grid", title: "Netz und Zähler", signals: [row] };

  it.each(["", "wirk", "netz wirk", "active_power_l1", "METER"])("finds by %j", (text) => expect(matches(grid, row, text)).toBe(true));
  it.each(["pcs", "netz blind"])("does not find by %j", (text) => expect(matches(grid, row, text)).toBe(false));
});

describe("addresses of signals", () => {
  it.each(["#/signals", "#/signals/cell.voltage", "#/signals/cell.voltage?figure=c1/r04/m3/cell026/voltage"])("%s comes back as it was", (hash) => {
    expect(writeHash(readHash(hash))).toBe(hash);
  });

  it("do not leave their metric behind on a level", () => {
    expect(writeHash({ ...readHash("#/signals/cell.voltage"), view: "level", level: 7 })).toBe("#/level/7");
  });
});
