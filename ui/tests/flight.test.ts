import { describe, expect, it } from "vitest";
import { plan, route, type Views } from "../src/flight/planner";
import { between, eyeOf, length, minus, poseAt, slerp, unit, type Point } from "../src/flight/pose";
import { Spring } from "../src/flight/spring";

const view = (eye: Point, look: Point, parent: string | null) => ({ pose: poseAt(eye, look), parent });
const VIEWS: Views = new Map([
  ["site", view([0, 10, 40], [0, 0, 0], null)],
  ["container", view([-3, 2, 8], [0, 1, 0], "site")],
  ["cell", view([-2.4, 1.4, 0.5], [-2, 1, 0], "container")],
  ["module", view([2, 2, 2], [1, 1, 0], "container")],
  ["meter", view([13, 2, 4], [12, 1, 0], "site")],
]);

describe("flight", () => {
  it("goes up to the common ancestor and down again", () => {
    expect(route(VIEWS, "cell", "meter")).toEqual(["cell", "container", "site", "meter"]);
    expect(route(VIEWS, "cell", "module")).toEqual(["cell", "container", "module"]);
    expect(route(VIEWS, "container", "cell")).toEqual(["container", "cell"]);
    expect(route(VIEWS, "cell", "cell")).toEqual(["cell"]);
  });

  it("begins where the camera stands and ends at the view", () => {
    const here = poseAt([1, 2, 3], [0, 1, 0]);
    const flight = plan(VIEWS, here, "cell", "meter");
    expect(length(minus(eyeOf(flight.at(0)), [1, 2, 3]))).toBeLessThan(1e-9);
    expect(length(minus(eyeOf(flight.at(1)), [13, 2, 4]))).toBeLessThan(1e-9);
  });

  it("moves without a jump and never into what it looks at", () => {
    const flight = plan(VIEWS, VIEWS.get("cell")!.pose, "cell", "meter");
    let before = flight.at(0);
    for (let i = 1; i <= 400; i++) {
      const pose = flight.at(i / 400);
      expect(pose.distance).toBeGreaterThan(0.3);
      expect(Math.abs(Math.log(pose.distance / before.distance))).toBeLessThan(0.1);
      expect(length(minus(pose.look, before.look))).toBeLessThan(0.3);
      before = pose;
    }
  });

  it("turns on the sphere, over the top between opposite directions", () => {
    for (let i = 0; i <= 20; i++) {
      expect(length(slerp([1, 0, 0], [-1, 0, 0], i / 20))).toBeCloseTo(1, 9);
      expect(length(slerp(unit([1, 2, 3]), unit([-3, 1, 0]), i / 20))).toBeCloseTo(1, 9);
    }
    expect(slerp([1, 0, 0], [-1, 0, 0], 0.5)[1]).toBeCloseTo(1, 9);
  });

  it("measures distance by its logarithm", () => {
    const a = poseAt([0, 0, 1], [0, 0, 0]);
    const b = poseAt([0, 0, 100], [0, 0, 0]);
    expect(between(a, b, 0.5).distance).toBeCloseTo(10, 9);
  });

  it("refuses views whose parents form a circle", () => {
    const round: Views = new Map([["a", view([0, 0, 1], [0, 0, 0], "b")], ["b", view([0, 0, 2], [0, 0, 0], "a")]]);
    expect(() => route(round, "a", "b")).toThrow(/circle/);
  });
});

describe("spring", () => {
  it("comes to rest without passing its end, whatever the frame rate", () => {
    for (const rate of [10, 30, 60, 144]) {
      const spring = new Spring();
      spring.start();
      let before = 0;
      let seconds = 0;
      while (!spring.still && seconds < 5) {
        const now = spring.step(1 / rate);
        expect(now).toBeGreaterThanOrEqual(before - 1e-12);
        expect(now).toBeLessThanOrEqual(1);
        before = now;
        seconds += 1 / rate;
      }
      expect(spring.still).toBe(true);
      expect(seconds).toBeLessThan(2.5);
    }
  });

  it("can be ended at once", () => {
    const spring = new Spring();
    spring.start();
    spring.step(0.1);
    spring.finish();
    expect(spring.value).toBe(1);
  });
});
