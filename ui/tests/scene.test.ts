import { describe, expect, it } from "vitest";
import { PerspectiveCamera, Vector3 } from "three";
import { eyeOf, length, minus, unit, type Point, type Pose } from "../src/flight/pose";
import { boundsOf } from "../src/scene/box";
import { FOV, fit, turned } from "../src/scene/fit";
import { speedClass } from "../src/scene/flow";
import { layOut, type Wanted } from "../src/scene/layout";
import { Orbit } from "../src/scene/orbit";
import { CELL, cellPlace, columnsOf, packOf } from "../src/scene/pack";
import { nearest } from "../src/scene/pick";
import { CELL_SIZE, cellCentre, placementOf } from "../src/scene/placement";
import { viewsOf } from "../src/scene/views";
import { labelsOf, MOST } from "../src/scene/labels";
import { lookBetween, lookOf } from "../src/scene/looks";
import { buildModel } from "../src/plant/model";
import type { PlantRow } from "../src/wire/schema";
import { levels as levelRows, plant as plantRow, schema } from "./fixtures/plant";

function plant(racks: number, modules: number, cells: number, containers = 1): PlantRow {
  return {
    id: "x", label: "x", badge: "EMULATOR", nameplate: {}, power_w: null, energy_wh: null, metadata: {},
    anatomy: {
      containers: Array.from({ length: containers }, (_, i) => ({ id: `c${i + 1}`, racks, modules, cells, sensors: 4 })),
      buses: [],
    },
  };
}

const SHAPES: [number, number, number][] = [[12, 4, 104], [8, 20, 12], [1, 1, 1], [3, 8, 52], [10, 17, 16]];

describe("pack", () => {
  it.each(SHAPES)("gives each of %i × %i × %i cells a place of its own inside its module", (_racks, _modules, cells) => {
    const pack = packOf(cells);
    const places = Array.from({ length: cells }, (_, n) => cellPlace(pack, n));
    for (const [x, y, z] of places) {
      expect(Math.abs(x) + CELL.width / 2).toBeLessThanOrEqual(pack.width / 2);
      expect(Math.abs(y) + CELL.height / 2).toBeLessThanOrEqual(pack.height / 2);
      expect(Math.abs(z) + CELL.depth / 2).toBeLessThanOrEqual(pack.depth / 2);
    }
    expect(new Set(places.map((place) => place.map((v) => v.toFixed(4)).join())).size).toBe(cells);
    // neighbours in number stand side by side, as busbars join them
    for (let n = 1; n < cells; n++) expect(length(minus(places[n]!, places[n - 1]!))).toBeLessThan(0.2);
  });

  it.each(SHAPES)("stacks the modules of %i racks × %i without two in one place", (racks, modules) => {
    const columns = columnsOf(racks, modules);
    const seen = new Set<string>();
    for (let r = 0; r < racks; r++) {
      for (let m = 0; m < modules; m++) {
        const { column, level } = columns.place(r, m);
        expect(column).toBeLessThan(columns.count);
        expect(level).toBeLessThan(8);
        seen.add(`${column}/${level}`);
      }
    }
    expect(seen.size).toBe(racks * modules);
  });
});

describe("placement", () => {
  it.each(SHAPES)("keeps the modules of %i × %i × %i inside the container", (racks, modules, cells) => {
    const place = placementOf(plant(racks, modules, cells), ["pcs1", "pcs2"]);
    const { shell, modules: boxes, cells: centres } = place.containers[0]!;
    const inner = boundsOf(boxes);
    const outer = boundsOf([shell]);
    for (let axis = 0; axis < 3; axis++) {
      expect(inner.low[axis]!).toBeGreaterThanOrEqual(outer.low[axis]!);
      expect(inner.high[axis]!).toBeLessThanOrEqual(outer.high[axis]!);
    }
    expect(centres.length).toBe(3 * racks * modules * cells);
  });

  it("sets containers and converters apart", () => {
    const place = placementOf(plant(12, 4, 104, 20), ["pcs1", "pcs2", "pcs3", "pcs4"]);
    const all = [...place.containers.map(({ shell }) => shell), ...place.pcs, place.transformer, place.meter];
    all.forEach((a, i) =>
      all.slice(i + 1).forEach((b) => {
        const apart = [0, 1, 2].some((axis) => Math.abs(a.centre[axis]! - b.centre[axis]!) >= (a.size[axis]! + b.size[axis]!) / 2);
        expect(apart).toBe(true);
      }),
    );
  });

  it("has a view for every level, each with a way to the site", () => {
    const place = placementOf(plant(12, 4, 104), ["pcs1", "pcs2"]);
    const views = viewsOf(place, { container: 0, module: 14, cell: 14 * 104 + 25, pcs: 1 });
    for (let level = 1; level <= 14; level++) {
      let at: string | null = `level-${level}`;
      for (let n = 0; at !== null && n < 5; n++) at = views.get(at)!.parent;
      expect(at).toBeNull();
    }
  });
});

describe("pick", () => {
  const { cells } = placementOf(plant(12, 4, 104), []).containers[0]!;
  const place = { cells } as Parameters<typeof cellCentre>[0];

  it("meets the nearest of the cells behind each other", () => {
    for (let n = 0; n < 4992; n += 23) {
      const aim = cellCentre(place, n);
      const eye: Point = [aim[0], aim[1], 6];
      const seen = cellCentre(place, nearest(cells, CELL_SIZE, eye, unit(minus(aim, eye))));
      expect(seen[0]).toBeCloseTo(aim[0], 6);
      expect(seen[1]).toBeCloseTo(aim[1], 6);
      const row = Array.from({ length: 4992 }, (_, i) => cellCentre(place, i)).filter(
        ([x, y]) => Math.abs(x - aim[0]) < 1e-6 && Math.abs(y - aim[1]) < 1e-6,
      );
      expect(seen[2]).toBeCloseTo(Math.max(...row.map(([, , z]) => z)), 6);
    }
  });

  it("meets nothing where nothing is", () => {
    expect(nearest(cells, CELL_SIZE, [0, 1, 6], [0, 1, 0])).toBe(-1);
    expect(nearest(cells, CELL_SIZE, [0, 1, 6], [0, 0, 1])).toBe(-1);
  });
});

describe("labels", () => {
  const frames: [number, number][] = [[1200, 560], [366, 340]];
  it.each(frames)("keep out of each other's way, whole inside %i × %i", (wide, high) => {
    for (let seed = 1; seed < 40; seed++) {
      const wanted = Array.from({ length: 6 }, (_, n): Wanted => ({ x: ((seed * 97 + n * 61) % 83) / 83 * wide, y: ((seed * 53 + n * 37) % 71) / 71 * high, width: 176, height: 30 }));
      const legend = { x: 10, y: high - 44, width: 250, height: 36 };
      const spots = layOut(wanted, wide, high, [legend]);
      const boxes = [legend, ...spots.flatMap((spot) => (spot ? [{ ...spot, width: 176, height: 30 }] : []))];
      expect(boxes.length).toBeGreaterThan(wide > 600 ? 6 : 3);
      for (const box of boxes.slice(1)) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(wide);
        expect(box.y + box.height).toBeLessThanOrEqual(high);
      }
      boxes.forEach((a, i) =>
        boxes.slice(i + 1).forEach((b) => {
          expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
        }),
      );
    }
  });

  it("leave what the level is about free; only the first may lie there where there is no other place", () => {
    const subject = { x: 0, y: 0, width: 400, height: 300 };
    const at = (x: number, y: number): Wanted => ({ x, y, width: 120, height: 30 });
    const [first, second] = layOut([at(120, 100), at(260, 200)], 400, 300, [], [subject]);
    expect(first).not.toBeNull();
    expect(second).toBeNull();
    const beside = layOut([at(120, 100), at(260, 200)], 900, 300, [], [subject]);
    for (const spot of beside) expect(spot!.x).toBeGreaterThanOrEqual(400);
  });

  it("say nothing where there is no room for them", () => {
    expect(layOut([{ x: 50, y: 50, width: 300, height: 30 }], 200, 200)).toEqual([null]);
    expect(layOut([null], 200, 200)).toEqual([null]);
  });
});

describe("framing", () => {
  it.each([0.9, 1.2, 2, 3.4])("keeps every corner of the subject inside a frame of aspect %f", (aspect) => {
    const subject = { centre: [3, 1, -2] as Point, size: [6, 2.9, 2.4] as Point };
    const pose = fit(subject, [-3, 1.1, 7.2], aspect, 0.8);
    const seen = inFrame(pose, subject, aspect);
    const most = Math.max(...seen.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y))));
    expect(most).toBeLessThanOrEqual(0.8 + 1e-9);
    expect(most).toBeGreaterThan(0.79);
  });

  it("turns by hand without leaving what it looks at, never under the ground", () => {
    const pose = fit({ centre: [0, 1, 0], size: [1, 1, 1] }, [0, 0.3, 1], 2, 0.6);
    for (let n = -20; n <= 20; n++) {
      const now = turned(pose, n / 5, n / 5);
      expect(length(now.from)).toBeCloseTo(1, 9);
      expect(now.from[1]).toBeGreaterThan(-0.05);
      expect(now.look).toEqual(pose.look);
    }
  });
});

/** Corners of a box in the frame: -1 … 1. */
function inFrame(pose: Pose, { centre, size }: { centre: Point; size: Point }, aspect: number): [number, number][] {
  const camera = new PerspectiveCamera(FOV, aspect, 0.01, 100);
  camera.position.set(...eyeOf(pose));
  camera.lookAt(...pose.look);
  camera.updateMatrixWorld();
  const out: [number, number][] = [];
  for (const x of [-0.5, 0.5]) for (const y of [-0.5, 0.5]) for (const z of [-0.5, 0.5]) {
    const at = new Vector3(centre[0] + x * size[0], centre[1] + y * size[1], centre[2] + z * size[2]).project(camera);
    out.push([at.x, at.y]);
  }
  return out;
}

describe("motion", () => {
  it("has the sign of the register and three speeds, and stands still below one per cent", () => {
    expect(speedClass(null)).toBe(0);
    expect(speedClass(0.009)).toBe(0);
    expect(speedClass(-0.009)).toBe(0);
    const speeds = [0.02, 0.2, 0.7].map(speedClass);
    expect(new Set(speeds).size).toBe(3);
    expect([...speeds].sort((a, b) => a - b)).toEqual(speeds);
    expect(speedClass(-0.7)).toBe(-speeds[2]!);
  });

  it("of the hand's turning ends by itself, at any frame rate", () => {
    for (const rate of [15, 60, 144]) {
      const orbit = new Orbit();
      orbit.drag(100, -40);
      let frames = 0;
      while (orbit.moving && frames < 1000) {
        orbit.step(1 / rate);
        frames++;
      }
      expect(frames / rate).toBeLessThan(1.5);
      expect(orbit.yaw).toBeCloseTo(-0.6, 6);
    }
  });
});

describe("labels of the levels", () => {
  const of = buildModel(schema, plantRow, levelRows);
  const place = placementOf(of.plant, of.parts.get("pcs") ?? []);
  const focus = { container: 0, module: 0, cell: 0, pcs: 0 };

  it("are at most six, each once, each on a spot of the machine", () => {
    for (let level = 1; level <= 14; level++) {
      const labels = labelsOf(of, place, level, focus, []);
      expect(labels.length).toBeLessThanOrEqual(MOST);
      expect(new Set(labels.map(({ id, name }) => id ?? name)).size).toBe(labels.length);
      for (const { at, id, name } of labels) {
        expect("cell" in at || "sensor" in at || at.every(Number.isFinite)).toBe(true);
        expect((id === null) !== (name === null)).toBe(true);
      }
    }
  });

  it("name what has no register on level 14 instead of hiding it", () => {
    const labels = labelsOf(of, place, 14, focus, []);
    const known = [...of.refs.keys()];
    expect(known.some((id) => id.endsWith("/extinguisher_pressure"))).toBe(false);
    expect(labels.some(({ name }) => name === "safety.extinguisher")).toBe(true);
  });
});

describe("looks", () => {
  it("show only one module where a level looks at one part, and slide between levels", () => {
    for (const level of [4, 6, 9]) expect(lookOf(level).alone).toBe(true);
    const half = lookBetween(lookOf(3), lookOf(7), 0.5);
    expect(half.walls).toBeCloseTo(1.5, 9);
    expect(half.battery).toBe("cells");
    expect(lookBetween(lookOf(3), lookOf(7), 1)).toEqual(lookOf(7));
  });
});
