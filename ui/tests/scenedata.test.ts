import { describe, expect, it } from "vitest";
import { Quality } from "../src/figures/quality";
import { FieldTexture, Mark, markOf, RULES } from "../src/scene/datatexture";
import { cellsOfBlocks, lastBlock } from "../src/scene/details/lastblock";
import { tileOf } from "../src/scene/meet";
import { cellPlace, packOf } from "../src/scene/pack";
import { entryOf } from "../src/scene/pick";
import { Pace, tierOf } from "../src/scene/tier";
import { buildModel } from "../src/plant/model";
import type { Snapshot } from "../src/figures/snapshot";
import { levels, plant, schema } from "./fixtures/plant";

describe("tier", () => {
  it.each([
    ["ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)", "lite"],
    ["Mesa llvmpipe (LLVM 15.0.6, 256 bits)", "lite"],
    ["ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0)", "lite"],
    ["ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)", "full"],
    ["Apple M2", "full"],
  ])("of %s is %s", (renderer, tier) => {
    expect(tierOf(renderer)).toBe(tier);
  });

  it("falls once where the first frames of a flight are slow, and never after them", () => {
    const told = (gap: (n: number) => number) => {
      const pace = new Pace();
      return Array.from({ length: 60 }, (_, n) => pace.slow(gap(n))).filter(Boolean).length;
    };
    expect(told(() => 90)).toBe(1);
    expect(told(() => 17)).toBe(0);
    expect(told((n) => (n < 3 ? 400 : 17))).toBe(0); // only the first ones compile
    expect(told((n) => (n < 20 ? 17 : 400))).toBe(0);
    expect(told((n) => (n % 3 === 0 ? 400 : 17))).toBe(0); // most of them count, not the worst
  });
});

describe("marks", () => {
  it("give every quality that is not good a pattern, and no colour to what was never read", () => {
    expect(markOf(Quality.Good, true)).toBe(Mark.Good);
    const marks = [Quality.Stale, Quality.Implausible, Quality.NoAnswer, Quality.NotMapped].map((quality) => markOf(quality, true));
    expect(new Set(marks).size).toBe(4);
    expect(marks).not.toContain(Mark.Good);
    for (let quality = 0; quality < 8; quality++) expect(markOf(quality, false)).toBeGreaterThanOrEqual(Mark.None);
    expect(markOf(Quality.NoAnswer, false)).toBe(Mark.Lost);
    expect(markOf(Quality.NotImplemented, true)).toBe(Mark.None);
  });

  it("stand beside the rule in the green channel", () => {
    const of = buildModel(schema, plant, levels);
    const field = new FieldTexture(of, of.cells!);
    const green = (field.texture.image.data as Uint16Array)[1]!;
    expect(Math.floor(green / RULES)).toBe(Mark.None);
    expect(field.mark(0)).toBe(Mark.None);
  });
});

describe("a module's skin", () => {
  it.each([12, 52, 104])("shows each of %i cells where it stands", (cells) => {
    const pack = packOf(cells);
    for (let n = 0; n < cells; n++) {
      const [x, , z] = cellPlace(pack, n);
      expect(tileOf(pack, [x / pack.width + 0.5, 1, z / pack.depth + 0.5], 1, 1)).toBe(n);
    }
  });

  it("shows the first cell of each row on its front and the last on its back", () => {
    const pack = packOf(104);
    const nearest = Array.from({ length: pack.rows }, (_, row) => tileOf(pack, [(row + 0.5) / pack.rows, 0.5, 1], 2, 1));
    for (const n of nearest) expect(cellPlace(pack, n)[2]).toBeCloseTo(cellPlace(pack, 0)[2], 9);
    const last = tileOf(pack, [0.5 / pack.rows, 0.5, 0], 2, -1);
    expect(cellPlace(pack, last)[2]).toBeCloseTo(-cellPlace(pack, 0)[2], 9);
  });
});

it("a ray enters a box through the face it looks at", () => {
  expect(entryOf([0, 0, 5], [0, 0, -1], [0, 0, 0], [1, 1, 2])).toEqual({ far: 4, axis: 2, at: [0, 0, 1] });
  expect(entryOf([0, 9, 0], [0, -1, 0], [0, 0, 0], [1, 2, 1])).toMatchObject({ far: 8, axis: 1 });
});

describe("the block that was read last", () => {
  const of = buildModel(schema, plant, levels);
  const members = cellsOfBlocks(of);

  it("is known for every cell with a register", () => {
    const mapped = [...of.cells!.points].filter((point) => point >= 0).length;
    expect([...members.values()].reduce((sum, { length }) => sum + length, 0)).toBe(mapped);
  });

  it("is the one with the latest answer, none before any", () => {
    const blocks = [...members.keys()];
    const blockMs = new Float64Array(Math.max(...blocks) + 1);
    const shown = { frame: { blockMs } } as unknown as Snapshot;
    expect(lastBlock(blocks, shown)).toBe(-1);
    blocks.forEach((block, n) => (blockMs[block] = 1000 + n));
    expect(lastBlock(blocks, shown)).toBe(blocks[blocks.length - 1]);
  });
});
