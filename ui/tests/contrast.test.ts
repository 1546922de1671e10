/** Contrast of what lies over the machine, which no checker in a browser can judge: chips, legends, tour, in both themes. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const TEXT = 4.5; // WCAG 2.2, 1.4.3: text of this size
const SIGN = 3; // 1.4.11: what is no text but must be seen

type Colour = [number, number, number];

const css = readFileSync(new URL("../src/style/base.css", import.meta.url), "utf8");
const scene = readFileSync(new URL("../src/style/scene.css", import.meta.url), "utf8");

function variables(selector: string): Map<string, Colour> {
  const from = css.indexOf(`${selector} {`);
  const block = css.slice(from, css.indexOf("}", from));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name!, rgb(hex!)]));
}

function rgb(hex: string): Colour {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Colour;
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: Colour, b: Colour): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

const over = (top: Colour, share: number, below: Colour): Colour => top.map((part, n) => part * share + below[n]! * (1 - share)) as Colour;

const THEMES: [string, Map<string, Colour>][] = [
  ["dark", variables(":root")],
  ["light", variables('[data-theme="light"]')],
];

describe.each(THEMES)("in the %s theme", (_, of) => {
  const colour = (name: string) => of.get(name)!;

  it.each(["text", "muted", "stale", "bad", "odd", "model", "strong"])("--%s can be read on chips, panels and raised parts", (name) => {
    for (const ground of ["panel", "raised", "ground"]) expect(contrast(colour(name), colour(ground)), ground).toBeGreaterThanOrEqual(TEXT);
  });

  it("the finding that is chosen can be read", () => {
    expect(contrast(colour("text"), colour("line"))).toBeGreaterThanOrEqual(TEXT);
  });

  it("a pressed switch and the source's badge can be read", () => {
    expect(contrast(colour("ground"), colour("text"))).toBeGreaterThanOrEqual(TEXT);
    expect(contrast(colour("emulator-text"), colour("emulator-ground"))).toBeGreaterThanOrEqual(TEXT);
  });

  it("a legend can be read whatever colour the machine has below it", () => {
    const share = /\.scene-legend > \*[^}]*var\(--panel\) (\d+)%/.exec(scene);
    expect(share, "the legend's ground").not.toBeNull();
    for (const below of [rgb("#000000"), rgb("#ffffff")]) {
      const ground = over(colour("panel"), Number(share![1]) / 100, below);
      expect(contrast(colour("muted"), ground)).toBeGreaterThanOrEqual(TEXT);
      expect(contrast(colour("text"), ground)).toBeGreaterThanOrEqual(TEXT);
    }
  });

  it("a chip is opaque, and its line and dot are seen on sky and haze", () => {
    expect(scene).toMatch(/\.scene-label \.figure,\s*\.scene-none \{[^}]*background-color: var\(--panel\)/);
    const name = _ === "dark" ? "\\.scene,\\s*\\.scene-waiting" : '\\[data-theme="light"\\] \\.scene,\\s*\\[data-theme="light"\\] \\.scene-waiting';
    const sky = new RegExp(`(?:^|\\n)${name} \\{[^}]*linear-gradient\\(([^;]*)\\);`).exec(scene);
    const colours = [...(sky?.[1] ?? "").matchAll(/#[0-9a-f]{6}/g)].map(([hex]) => rgb(hex));
    expect(colours).toHaveLength(4);
    for (const each of colours) expect(contrast(colour("text"), each)).toBeGreaterThanOrEqual(SIGN);
  });

  it("the tour's progress is seen", () => {
    expect(contrast(colour("text"), colour("line"))).toBeGreaterThanOrEqual(SIGN);
  });
});
