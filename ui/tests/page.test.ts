import { afterEach, describe, expect, it, vi } from "vitest";
import { FACES, qualityOf, RANK } from "../src/figures/quality";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";
import { goToLevel, navigate, readHash, route, writeHash } from "../src/page/route";

describe("both languages", () => {
  it("have the same keys, and nothing is empty", () => {
    expect(Object.keys(de)).toEqual(Object.keys(en));
    for (const [key, text] of [...Object.entries(en), ...Object.entries(de)]) expect(text.trim(), key).not.toBe("");
  });

  it("have the same placeholders", () => {
    const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(holes(de[key]), key).toEqual(holes(en[key]));
  });
});

describe("addresses", () => {
  it.each(["#/level/7?figure=c1/r04/m3/cell026/voltage@bcu04", "#/level/4?at=c1/r04/m3", "#/registers?find=igbt", "#/devices", "#/level/4?at=c1/r04/m3&t=2026-06-21T16:00:00Z", "#/level/1?t=2026-06-21T16:00:00.250Z"])("%s comes back as it was", (hash) => {
    expect(writeHash(readHash(hash))).toBe(hash);
  });

  it("that lead nowhere lead to the first level", () => {
    expect(readHash("#/level/99")).toMatchObject({ view: "level", level: 1 });
    expect(readHash("")).toMatchObject({ view: "level", level: 1, figure: null });
  });

  it("name a moment, or are live", () => {
    expect(readHash("#/level/7?t=2026-06-21T16:00:00Z").time).toBe(Date.UTC(2026, 5, 21, 16));
    expect(readHash("#/level/7?t=2026-06-21T18:00:00%2B02:00").time).toBe(Date.UTC(2026, 5, 21, 16));
    expect(readHash(`#/level/7?t=${Date.UTC(2026, 5, 21, 16)}`).time).toBe(Date.UTC(2026, 5, 21, 16));
    for (const none of ["", "?t=", "?t=yesterday", "?t=2026-13-41T00:00:00Z", "?t=999999999999999999"]) expect(readHash(`#/level/7${none}`).time).toBeNull();
  });
});

describe("ways through the page", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are gone at once: two steps in a row are two steps, before the browser tells of its address", () => {
    vi.stubGlobal("location", { hash: "#/level/1" });
    route.value = readHash(location.hash);
    goToLevel(route.value.level + 1);
    goToLevel(route.value.level + 1);
    expect(location.hash).toBe("#/level/3");
    expect(route.value.level).toBe(3);
  });

  it("keep what they do not name", () => {
    vi.stubGlobal("location", { hash: "#/level/4?at=c1/r04/m3" });
    route.value = readHash(location.hash);
    navigate({ time: 250 });
    navigate({ figure: "meter/active_power" });
    expect(route.value).toMatchObject({ level: 4, at: "c1/r04/m3", time: 250, figure: "meter/active_power" });
    expect(location.hash).toBe(writeHash(route.value));
  });
});

describe("qualities", () => {
  it("are read from words and from codes", () => {
    expect(FACES.map((_, code) => qualityOf(code))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(["no reading yet", "good", "stale", "not implemented", "implausible", "device exception", "no answer", "not mapped"].map(qualityOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("rank every code once", () => {
    expect([...RANK].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
