import { describe, expect, it } from "vitest";
import { FrameError, readFrame } from "../src/wire/frame";
import { frame, HASH, schema, words } from "./fixtures/plant";

describe("a live frame", () => {
  it("comes apart into words, times, qualities and derived figures", async () => {
    const read = await readFrame(frame(1_700_000_000_000, [1_699_999_999_500, 0, 1_699_999_999_900]));
    expect(read.schemaHash).toBe(HASH);
    expect(read.serverMs).toBe(1_700_000_000_000);
    expect([...read.words]).toEqual(words());
    expect([...read.blockMs]).toEqual([1_699_999_999_500, 0, 1_699_999_999_900]);
    expect(read.pointQuality).toHaveLength(schema.points.id.length);
    expect([...read.pointQuality].every((quality) => quality === 1)).toBe(true);
    expect([...read.figureValue]).toEqual([3.3055]);
    expect([...read.figureQuality]).toEqual([1]);
  });

  it.each([
    ["is too short", new ArrayBuffer(12)],
    ["has another magic", frame(0, [0], (bytes) => bytes.set([88], 0))],
    ["has another version", frame(0, [0], (bytes) => bytes.set([2], 4))],
    ["announces more than it holds", frame(0, [0], (bytes) => bytes.set([99], 24))],
    ["carries no zlib data", frame(0, [0], (bytes) => bytes.fill(0, 40))],
  ])("that %s is refused by name", async (_, bytes) => {
    await expect(readFrame(bytes)).rejects.toBeInstanceOf(FrameError);
  });
});
