/** How far a camera must stand back for a box to fill a share of the frame. */

import { dot, unit, type Point, type Pose } from "../flight/pose";
import type { Box } from "./box";

/** Field of view, top to bottom, in degrees. */
export const FOV = 42;

const cross = (a: Point, b: Point): Point => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** The pose from which every corner of the box lies within `fill` (0 … 1) of the frame; `aspect` is width over height. */
export function fit({ centre, size }: Pick<Box, "centre" | "size">, towards: Point, aspect: number, fill: number): Pose {
  const from = unit(towards);
  const right = unit(cross([0, 1, 0], from));
  const up = cross(from, right);
  const high = Math.tan((FOV * Math.PI) / 360) * fill;
  const wide = high * aspect;
  let distance = 0;
  for (const x of [-0.5, 0.5]) {
    for (const y of [-0.5, 0.5]) {
      for (const z of [-0.5, 0.5]) {
        const corner: Point = [x * size[0], y * size[1], z * size[2]];
        const need = Math.max(Math.abs(dot(corner, right)) / wide, Math.abs(dot(corner, up)) / high);
        distance = Math.max(distance, need + dot(corner, from));
      }
    }
  }
  return { look: centre, from, distance: Math.max(distance, 0.05) };
}

/** Turns a pose about what it looks at: `yaw` about the vertical, `pitch` over it, held off the poles and the ground. */
export function turned(pose: Pose, yaw: number, pitch: number): Pose {
  const flat = Math.hypot(pose.from[0], pose.from[2]);
  const angle = Math.atan2(pose.from[0], pose.from[2]) + yaw;
  const height = Math.max(-0.02, Math.min(1.45, Math.atan2(pose.from[1], flat) + pitch));
  const from: Point = [Math.sin(angle) * Math.cos(height), Math.sin(height), Math.cos(angle) * Math.cos(height)];
  return { ...pose, from };
}

