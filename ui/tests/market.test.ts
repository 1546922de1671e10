import { describe, expect, it } from "vitest";
import { quartiles, used } from "../src/market/eight";
import { table } from "../src/market/export";
import { covers, stretches } from "../src/market/known";
import { bounds, scale } from "../src/market/plot";
import { both } from "../src/market/words";
import { clock, dayOf, later } from "../src/market/write";
import { readHash, writeHash } from "../src/page/route";
import type { Prices } from "../src/market/answers";

describe("market", () => {
  it("says everything in both languages with the same places", () => {
    const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
    for (const key of Object.keys(both.en) as (keyof typeof both.en)[]) {
      expect(both.de[key], key).toBeTruthy();
      expect(places(both.de[key]), key).toEqual(places(both.en[key]));
    }
  });

  it("quarters prices and counts the hours that a schedule uses", () => {
    const price = [10, 20, 30, 40, 50, 60, 70, 80];
    const cuts = quartiles(price);
    expect(cuts).toEqual([30, 60]);
    const use = used({ price, power_w: [-1e6, 0, 0, -1e6, 1e6, 1e6, 0, -1e6], minutes: 15 }, cuts);
    expect(use).toEqual({ all: 1.5, caught: 0.5 });
  });

  it("writes prices as the command line reads them", () => {
    const of = { price: [1.5, -2], start_ms: [Date.UTC(2026, 8, 26, 22), Date.UTC(2026, 8, 26, 22, 15)], unit_min: [15, 60] } as Prices;
    expect(table(of)).toBe("utc_start,price_eur_mwh,mtu_min\n2026-09-26T22:00Z,1.5,15\n2026-09-26T22:15Z,-2,60\n");
  });

  it("counts days of the market's own clock", () => {
    expect(later("2026-02-27", 2)).toBe("2026-03-01");
    expect(later("2026-10-25", -1)).toBe("2026-10-24");
    expect(dayOf(Date.UTC(2026, 8, 26, 22))).toBe("2026-09-27");
    expect(clock(1425)).toBe("23:45");
  });

  it("draws zero inside its bounds", () => {
    expect(bounds([5, 10])[0]).toBe(0);
    expect(bounds([-5, 10])[0]).toBeLessThan(-5);
    expect(scale(0, 10, 100, 0)(5)).toBe(50);
    expect(scale(3, 3, 0, 10)(3)).toBe(0);
  });

  it("puts months that follow each other into one stretch and knows what it holds", () => {
    const known = [
      { source: "sample", first: "2026-02-20", last: "2026-03-02" },
      { source: "smard", first: "2026-02-01", last: "2026-02-28" },
      { source: "smard", first: "2026-01-01", last: "2026-01-31" },
      { source: "energy-charts", first: "2026-05-01", last: "2026-05-31" },
    ];
    expect(stretches(known).map((one) => `${one.first} ${one.last}`)).toEqual(["2026-01-01 2026-02-28", "2026-05-01 2026-05-31", "2026-02-20 2026-03-02"]);
    expect(covers(known, { first: "2026-01-15", last: "2026-03-01" })).toBe(true);
    expect(covers(known, { first: "2026-03-02", last: "2026-03-03" })).toBe(false);
  });

  it("has an address of its own", () => {
    expect(readHash("#/market").view).toBe("market");
    expect(writeHash(readHash("#/market"))).toBe("#/market");
  });
});
