import { describe, expect, it } from "vitest";
import { cellsOfBlocks, Replay } from "../src/twin2d/sweep";

const frame = (...ms: number[]) => Float64Array.from(ms);

describe("the replay of a sweep", () => {
  it("shows every answer once, in the order of the answers", () => {
    const replay = new Replay([0, 1, 2, 3], 1);
    replay.take(frame(40, 10, 30, 20));
    const seen: number[] = [];
    for (let n = 0; n < 100; n++) {
      const [block] = replay.step(20);
      if (block !== undefined && block !== seen[seen.length - 1]) seen.push(block);
    }
    expect(seen).toEqual([1, 3, 2, 0]);
  });

  it("keeps the newest first, and no more than it may", () => {
    const replay = new Replay([0, 1, 2], 2);
    replay.take(frame(1, 2, 3));
    expect(replay.step(0)).toEqual([]);
    expect(replay.step(5000)).toEqual([2, 1]);
  });

  it("takes no answer twice, none that never came, and none of other blocks", () => {
    const replay = new Replay([0, 1], 5);
    replay.take(frame(7, 0, 9));
    expect(replay.step(5000)).toEqual([0]);
    replay.take(frame(7, 0, 10));
    expect(replay.step(5000)).toEqual([0]);
    replay.take(frame(8, 12, 10));
    expect(replay.step(5000)).toEqual([1, 0, 0]);
  });

  it("never falls behind, however many answers a frame brings", () => {
    const all = Array.from({ length: 500 }, (_, n) => n);
    const replay = new Replay(all, 1);
    for (let second = 0; second < 20; second++) {
      replay.take(Float64Array.from(all, (n) => second * 1000 + n + 1));
      for (let tick = 0; tick < 25; tick++) replay.step(40);
    }
    for (let tick = 0; tick < 200; tick++) replay.step(40);
    expect(replay.step(0)).toEqual([499]);
  });
});

describe("the cells of a block", () => {
  it("are those whose points it carries", () => {
    const found = cellsOfBlocks(Int32Array.from([2, -1, 0, 1]), [5, 5, 6]);
    expect([...found]).toEqual([[6, [0]], [5, [2, 3]]]);
  });
});
