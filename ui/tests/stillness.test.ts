import { Matrix4, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { BEYOND, pointOn } from "../src/scene/details/operating";
import { Flow } from "../src/scene/flow";
import { layOut, type Wanted } from "../src/scene/layout";

/** Where the arrows of a flow stand, and how long each is along its way. */
function laid({ mesh }: Flow): { at: number[]; long: number[] } {
  const matrix = new Matrix4();
  const [at, long]: [number[], number[]] = [[], []];
  for (let n = 0; n < mesh.count; n++) {
    mesh.getMatrixAt(n, matrix);
    at.push(new Vector3().setFromMatrixPosition(matrix).x);
    long.push(new Vector3().setFromMatrixColumn(matrix, 1).length());
  }
  return { at, long };
}

describe("arrows", () => {
  it("run while the register speaks of now, and stand as flat discs when it does not", () => {
    const flow = new Flow([[0, 0, 0], [4, 0, 0]], 0.1, 0xffffff);
    expect(flow.set(0.4, true)).toBe(true);
    const before = laid(flow);
    expect(flow.step(0.1)).toBe(true);
    expect(laid(flow).at).not.toEqual(before.at);

    expect(flow.set(0.4, false)).toBe(true);
    const still = laid(flow);
    expect(flow.mesh.visible).toBe(true);
    expect(flow.step(0.1)).toBe(false);
    expect(laid(flow)).toEqual(still);
    for (const length of still.long) expect(length).toBeLessThan(0.5 * before.long[0]!);

    expect(flow.set(0.4, false)).toBe(false);
    expect(flow.set(0.4, true)).toBe(true);
    expect(flow.step(0.1)).toBe(true);
  });

  it("are none where there is nothing to point at", () => {
    const flow = new Flow([[0, 0, 0], [4, 0, 0]], 0.1, 0xffffff);
    flow.set(0.4, true);
    flow.set(null, false);
    expect(flow.mesh.visible).toBe(false);
    flow.set(0.005, true);
    expect(flow.mesh.visible).toBe(false);
  });
});

describe("operating point", () => {
  it("lies on the disc as its power lies to the rated one", () => {
    expect(pointOn(1e6, 0, 2e6)).toEqual([0.5, 0]);
    expect(pointOn(-1e6, 5e5, 2e6)).toEqual([-0.5, 0.25]);
  });

  it("stops beyond the rim, in its own direction", () => {
    const [x, y] = pointOn(9e6, -9e6, 2e6);
    expect(Math.hypot(x, y)).toBeCloseTo(BEYOND, 9);
    expect(x).toBeCloseTo(-y, 9);
  });
});

describe("labels and what a level is about", () => {
  const subject: Wanted = { x: 100, y: 60, width: 200, height: 180 };
  const label: Wanted = { x: 200, y: 150, width: 90, height: 24 };
  const covers = (at: { x: number; y: number }) => at.x < subject.x + subject.width && at.x + label.width > subject.x && at.y < subject.y + subject.height && at.y + label.height > subject.y;

  it("keep off it while there is room beside it", () => {
    const [spot] = layOut([label], 700, 400, [], [subject]);
    expect(covers(spot!)).toBe(false);
    expect(covers(layOut([label], 700, 400)[0]!)).toBe(true);
  });

  it("are laid over it rather than left away", () => {
    const whole: Wanted = { x: 0, y: 0, width: 700, height: 400 };
    expect(layOut([label], 700, 400, [], [whole])[0]).toEqual(layOut([label], 700, 400)[0]);
    expect(layOut([label], 700, 400, [whole])[0]).toBeNull();
  });
});
