/**
 * Flights over a tree of views: up to the common ancestor and down again, so that a reader sees where a part belongs.
 * The views on the way are the control poses of a Bézier curve (de Casteljau): one smooth sweep without a stop.
 */

import { between, type Pose } from "./pose";

export interface View {
  pose: Pose;
  parent: string | null;
}

export type Views = ReadonlyMap<string, View>;

/** Names from a view up to the root, the view first. */
export function ancestry(views: Views, name: string): string[] {
  const way: string[] = [];
  for (let at: string | null = name; at !== null; at = views.get(at)?.parent ?? null) {
    if (way.includes(at)) throw new Error(`view ${name}: its parents form a circle`);
    way.push(at);
  }
  return way;
}

/** The views that a flight passes, ends included. */
export function route(views: Views, from: string, to: string): string[] {
  const up = ancestry(views, from);
  const down = ancestry(views, to);
  const common = up.find((name) => down.includes(name));
  if (common === undefined) return [from, to];
  const climb = up.slice(0, up.indexOf(common) + 1);
  const descent = down.slice(0, down.indexOf(common)).reverse();
  return [...climb, ...descent];
}

export interface Flight {
  names: string[];
  at(share: number): Pose;
}

/** A flight from where the camera stands, near the view `from`, to the view `to`. */
export function plan(views: Views, here: Pose, from: string, to: string): Flight {
  const names = route(views, from, to);
  const poses = [here, ...names.slice(1).map((name) => views.get(name)!.pose)];
  if (poses.length === 1) poses.push(views.get(to)!.pose);
  return { names, at: (share) => bezier(poses, share) };
}

function bezier(poses: Pose[], share: number): Pose {
  let row = poses;
  while (row.length > 1) row = row.slice(1).map((pose, i) => between(row[i]!, pose, share));
  return row[0]!;
}
