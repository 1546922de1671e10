/** Where the camera stands: what it looks at, from which direction, from how far. Metres; y is up. */

export type Point = readonly [number, number, number];

export interface Pose {
  look: Point;
  /** Unit vector from what is looked at to the eye. */
  from: Point;
  distance: number;
}

export const add = (a: Point, b: Point): Point => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a: Point, k: number): Point => [a[0] * k, a[1] * k, a[2] * k];
export const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a: Point): number => Math.hypot(a[0], a[1], a[2]);
export const mix = (a: Point, b: Point, share: number): Point => add(times(a, 1 - share), times(b, share));

export function unit(a: Point): Point {
  const size = length(a);
  return size > 0 ? times(a, 1 / size) : [0, 0, 1];
}

/** The pose of an eye at one point that looks at another. */
export function poseAt(eye: Point, look: Point): Pose {
  const way = minus(eye, look);
  return { look, from: unit(way), distance: Math.max(length(way), 1e-3) };
}

export function eyeOf(pose: Pose): Point {
  return add(pose.look, times(pose.from, pose.distance));
}

/** Spherical interpolation of two unit vectors. */
export function slerp(a: Point, b: Point, share: number): Point {
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b))));
  if (angle < 1e-4) return unit(mix(a, b, share));
  // opposite directions have no one way between them: take it over the top
  if (Math.PI - angle < 1e-3) return slerpOver(a, b, share);
  const sine = Math.sin(angle);
  return unit(add(times(a, Math.sin((1 - share) * angle) / sine), times(b, Math.sin(share * angle) / sine)));
}

function slerpOver(a: Point, b: Point, share: number): Point {
  const top: Point = [0, 1, 0];
  return share < 0.5 ? slerp(a, top, share * 2) : slerp(top, b, share * 2 - 1);
}

/** Between two poses: look-at in a line, distance by its logarithm, direction on the sphere. */
export function between(a: Pose, b: Pose, share: number): Pose {
  return {
    look: mix(a.look, b.look, share),
    from: slerp(a.from, b.from, share),
    distance: Math.exp((1 - share) * Math.log(a.distance) + share * Math.log(b.distance)),
  };
}
