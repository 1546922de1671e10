/** Where each level is looked at from, and which view it belongs to: the tree that flights run over. */

import { add, type Point, type Pose } from "../flight/pose";
import type { View, Views } from "../flight/planner";
import { boundsOf, type Box } from "./box";
import { fit } from "./fit";
import { PYLON } from "./machine";
import { cellCentre, type Placement } from "./placement";

/** What the levels of single parts look at; indices count within the container, `pcs` over the plant. */
export interface Focus {
  container: number;
  module: number;
  cell: number;
  pcs: number;
}

export const SITE = "site";
/** Containers that levels 7 and 8 hold in the frame: the one that is looked at and those behind it. */
const BESIDE = 3;
/** How far the opened cell is lifted out of its module, m. */
export const LIFT = 0.3;

type Subject = Pick<Box, "centre" | "size">;

export function levelView(level: number): string {
  return `level-${level}`;
}

/** The views of a plant for a frame of an aspect; a narrow frame is filled more. */
export function viewsOf(place: Placement, focus: Focus, aspect = 2): Views {
  const container = place.containers[focus.container];
  const pcs = place.pcs[focus.pcs] ?? place.transformer;
  const battery: Subject = container?.shell ?? pcs;
  const beside = place.containers.slice(focus.container, focus.container + BESIDE);
  const batteries: Subject = beside.length ? around(beside.map(({ shell }) => shell)) : battery;
  const module: Subject = container?.modules[focus.module] ?? battery;
  const cell: Point = container && container.cells.length ? cellCentre(container, focus.cell) : module.centre;
  const row = around(place.pcs.length ? place.pcs : [place.transformer]);
  const pylon: Subject = { centre: [place.pylon[0], PYLON / 2, place.pylon[2]], size: [0.6, PYLON + 0.4, 2.2] };
  const site = around([...place.containers.map(({ shell }) => shell), ...place.pcs, place.transformer, place.meter, pylon]);
  const handover = around([place.transformer, place.meter, pylon]);
  const electric = around([pcs, place.transformer]);
  const stand = (subject: Subject, towards: Point, fill = 0.66): Pose => fit(subject, towards, aspect, Math.min(0.92, fill * (aspect < 1.3 ? 1.3 : 1)));
  const views: [string, string | null, Pose][] = [
    [SITE, null, stand(site, [0.06, 0.3, 0.86], 0.86)],
    ["container", SITE, stand(battery, [-3.4, 1.6, 7.6], 0.6)],
    ["row", SITE, stand(row, [4.2, 1.7, 6.8], 0.5)],
    [levelView(1), SITE, stand(handover, [3.4, 1.2, 11.5], 0.8)],
    [levelView(2), "row", stand(row, [3.3, 1.5, 6.6], 0.62)],
    [levelView(3), "container", stand(battery, [-3, 1.1, 7.2], 0.88)],
    [levelView(4), "container", stand({ centre: add(cell, [0, LIFT * 0.86, 0]), size: [0.2, 0.3, 0.12] }, [-0.4, 0.3, 0.55], 0.78)],
    [levelView(5), "container", stand(battery, [4.4, 1.7, 6.4], 0.86)],
    [levelView(6), "container", stand({ centre: module.centre, size: [module.size[0], 0.8, module.size[2]] }, [-1.3, 0.75, 1.35], 0.86)],
    [levelView(7), "container", stand(grown(batteries, [-0.45, 0.35, 0], [-0.6, 0.7, -0.4]), [-4.9, 3.1, 6.8], 0.84)],
    [levelView(8), "container", stand(batteries, [-4.5, 2.2, 6.3], 0.88)],
    [levelView(9), "container", stand({ centre: add(cell, [0, 0.1, 0]), size: [0.55, 0.18, 0.4] }, [-0.34, 0.42, 0.5], 0.8)],
    [levelView(10), "row", stand({ centre: add(pcs.centre, [0, 0.35, 0]), size: [pcs.size[0], pcs.size[1] * 0.75, pcs.size[2]] }, [0.9, 0.5, 2.2], 0.8)],
    [levelView(11), "row", stand({ centre: add(pcs.centre, [-0.1, -0.42, 0]), size: [pcs.size[0], pcs.size[1] * 0.66, pcs.size[2]] }, [-0.9, 0.55, 2.3], 0.8)],
    [levelView(12), "row", stand(electric, [1.2, 1.25, 5.2], 0.76)],
    [levelView(13), SITE, stand(place.meter, [0.9, 0.45, 3.2], 0.72)],
    [levelView(14), "container", stand(battery, [-4.9, 2.6, 6.2], 0.86)],
  ];
  return new Map(views.map(([name, parent, pose]): [string, View] => [name, { pose, parent }]));
}

function grown({ centre, size }: Subject, by: Point, grow: Point): Subject {
  return { centre: add(centre, by), size: add(size, grow) };
}

/** The box around boxes. */
export function around(boxes: Subject[]): Subject {
  const { low, high } = boundsOf(boxes.map(({ centre, size }) => ({ part: null, centre, size })));
  return {
    centre: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2],
    size: [high[0] - low[0], high[1] - low[1], high[2] - low[2]],
  };
}
