/** The machine in clay: what stands on the site, drawn from its placement. Nothing here is coloured by data. */

import type { Point } from "../flight/pose";
import type { Box } from "./box";
import type { ContainerPlace, Placement } from "./placement";
import { Solid } from "./solid";
import type { Clay } from "./theme";

const POST = 0.1;
const FLOOR = 0.12;
/** Height of the AC bus over the ground: three rails from the converters to the transformer. */
export const RAIL = 2.72;
export const RAIL_APART = 0.22;
/** Height of the pylon. */
export const PYLON = 5;

/** A named piece of the site; `name` is its part path where the plant has one. */
export type SitePart = [name: string, draw: (solid: Solid, clay: Clay) => void];

/** Everything that is never transparent, piece by piece: plinths, cooling, cables, AC bus, transformer, meter, pylon. */
export function siteParts(place: Placement): SitePart[] {
  return [
    ["plinths", (solid, clay) => plinths(solid, place, clay)],
    ...place.containers.map(({ cooling }): SitePart => [cooling.part!, (solid, clay) => chiller(solid, cooling, clay)]),
    ["dc-cables", (solid, clay) => trench(solid, place, clay)],
    ["ac-bus", (solid, clay) => rails(solid, place, clay)],
    ["transformer", (solid, clay) => transformer(solid, place.transformer, clay)],
    ["meter", (solid, clay) => meter(solid, place.meter, clay)],
    ["grid-cable", (solid, clay) => gridCable(solid, place, clay)],
    ["pylon", (solid, clay) => pylon(solid, place, clay)],
  ];
}

/** The same as one body. */
export function siteSolid(place: Placement, clay: Clay): Solid {
  const solid = new Solid();
  for (const [, draw] of siteParts(place)) draw(solid, clay);
  return solid;
}

function plinths(solid: Solid, place: Placement, clay: Clay): void {
  for (const { shell } of place.containers) {
    solid.box([shell.centre[0], FLOOR / 2, shell.centre[2]], [shell.size[0] + 0.3, FLOOR, shell.size[2] + 0.3], clay.dark);
  }
  for (const { centre: [x, , z], size: [long, , deep] } of place.pcs) solid.box([x, 0.05, z], [long + 0.2, 0.1, deep + 0.2], clay.dark);
}

/** Corner posts, floor and roof frame of a container: they stay when its walls are seen through. */
export function frameSolid({ shell }: ContainerPlace, clay: Clay): Solid {
  const solid = new Solid();
  const [x, , z] = shell.centre;
  const [long, high, deep] = shell.size;
  for (const sx of [-1, 1]) {
    for (const sz of [-1, 1]) {
      solid.box([x + (sx * (long - POST)) / 2, (high + FLOOR) / 2, z + (sz * (deep - POST)) / 2], [POST, high - FLOOR, POST], clay.body);
    }
  }
  for (const y of [FLOOR + POST / 2, high - POST / 2]) {
    for (const sz of [-1, 1]) solid.box([x, y, z + (sz * (deep - POST)) / 2], [long - 2 * POST, POST, POST], clay.body);
    for (const sx of [-1, 1]) solid.box([x + (sx * (long - POST)) / 2, y, z], [POST, POST, deep - 2 * POST], clay.body);
  }
  solid.box([x, FLOOR + 0.02, z], [long - 2 * POST, 0.04, deep - 2 * POST], clay.dark);
  return solid;
}

/** The face of a converter: doors, handles, louvres. It goes when the cabinet is seen through. */
export function cabinetSolid({ centre: [x, y, z], size: [long, high, deep] }: Box, clay: Clay): Solid {
  const solid = new Solid();
  const doors = 3;
  for (let i = 0; i < doors; i++) {
    const at = x + ((i - (doors - 1) / 2) * long) / doors;
    solid.box([at, y, z + deep / 2 + 0.009], [long / doors - 0.03, high - 0.12, 0.018], clay.light);
    solid.box([at + long / doors / 2 - 0.07, y, z + deep / 2 + 0.03], [0.022, 0.22, 0.024], clay.dark);
    for (let k = 0; k < 6; k++) solid.box([at, y - high * 0.38 + k * 0.045, z + deep / 2 + 0.022], [long / doors - 0.16, 0.018, 0.01], clay.dark);
  }
  for (let i = 0; i < 2; i++) {
    solid.cylinder([x + (i - 0.5) * long * 0.5, y + high / 2 + 0.04, z], 0.25, 0.08, 1, clay.dark, 24);
    solid.cylinder([x + (i - 0.5) * long * 0.5, y + high / 2 + 0.09, z], 0.06, 0.03, 1, clay.body, 12);
  }
  return solid;
}

/** Where the fans of a cooling unit turn. */
export function chillerFans({ centre: [x, y, z], size: [long, , deep] }: Box): Point[] {
  return [-1, 1].map((side): Point => [x + long / 2 + 0.16, y + 0.35, z + side * deep * 0.24]);
}

function chiller(solid: Solid, unit: Box, clay: Clay): void {
  const { centre: [x, y, z], size: [long, high, deep] } = unit;
  solid.box([x, y, z], [long, high, deep], clay.body);
  solid.box([x + long / 2 + 0.05, y, z], [0.1, high * 0.96, deep * 0.97], clay.light);
  for (const [, fy, fz] of chillerFans(unit)) {
    solid.cylinder([x + long / 2 + 0.11, fy, fz], 0.38, 0.04, 0, clay.dark, 28);
    solid.cylinder([x + long / 2 + 0.125, fy, fz], 0.34, 0.04, 0, 0x15181b, 28);
  }
  for (let i = 0; i < 6; i++) solid.box([x + long / 2 + 0.11, y - 0.35 - i * 0.08, z], [0.03, 0.035, deep * 0.8], clay.dark);
}

/** The way of the DC cables from a container to a converter. */
export function dcWay(place: Placement, pcs: Box): Point[] {
  const from = place.containers[0];
  if (!from) return [];
  const start = from.shell.centre[0] + from.shell.size[0] / 2;
  const z = pcs.centre[2] + pcs.size[2] / 2 + 0.22;
  const nth = place.pcs.indexOf(pcs);
  const y = 0.17 + 0.09 * (nth % 2);
  return [[start, y, z], [pcs.centre[0], y, z], [pcs.centre[0], y + 0.12, pcs.centre[2] + pcs.size[2] / 2]];
}

function trench(solid: Solid, place: Placement, clay: Clay): void {
  for (const pcs of place.pcs) {
    const [a, b, c] = dcWay(place, pcs);
    if (!a || !b || !c) continue;
    solid.cylinder([(a[0] + b[0]) / 2, a[1] - 0.045, a[2]], 0.035, b[0] - a[0], 0, clay.dark, 10);
    solid.cylinder([b[0], b[1] - 0.045, (b[2] + c[2]) / 2], 0.035, b[2] - c[2], 2, clay.dark, 10);
  }
  place.containers.forEach(({ shell }, n) => {
    const first = place.pcs[0];
    if (n === 0 || !first) return;
    const [x, z] = [shell.centre[0] + shell.size[0] / 2 + 0.3, first.centre[2] + first.size[2] / 2 + 0.22];
    solid.cylinder([x, 0.12, (shell.centre[2] + z) / 2], 0.035, Math.abs(shell.centre[2] - z), 2, clay.dark, 10);
  });
}

/** Middle of the three rails, from a converter to the transformer's bushings. */
export function railWay(place: Placement, from: Box): Point[] {
  const t = place.transformer;
  return [[from.centre[0], RAIL, 0], [t.centre[0], RAIL, 0]];
}

function rails(solid: Solid, place: Placement, clay: Clay): void {
  const first = place.pcs[0];
  if (!first) return;
  const t = place.transformer;
  const from = first.centre[0] - 0.2;
  const to = t.centre[0] + 0.55;
  for (let phase = -1; phase <= 1; phase++) {
    const z = phase * RAIL_APART;
    solid.box([(from + to) / 2, RAIL, z], [to - from, 0.05, 0.03], clay.light);
    for (const { centre, size } of place.pcs) solid.cylinder([centre[0] + phase * 0.16, (RAIL + centre[1] + size[1] / 2) / 2, z], 0.018, RAIL - centre[1] - size[1] / 2, 1, clay.dark, 8);
    solid.cylinder([t.centre[0] + phase * 0.52, (RAIL + 2.2) / 2, z], 0.018, RAIL - 2.2, 1, clay.dark, 8);
  }
  const gap = breakerAt(place);
  solid.box([gap[0], RAIL / 2 - 0.1, gap[2] - 0.5], [0.1, RAIL - 0.2, 0.1], clay.dark);
  solid.box([gap[0], RAIL - 0.24, gap[2] - 0.1], [0.42, 0.26, 0.86], clay.body);
}

/** Between the converters and the transformer. */
export function breakerAt(place: Placement): Point {
  const t = place.transformer;
  return [t.centre[0] - t.size[0] / 2 - 0.42, RAIL, 0];
}

function transformer(solid: Solid, { centre: [x, y, z], size: [long, high, deep] }: Box, clay: Clay): void {
  solid.box([x, 0.06, z], [long + 0.5, 0.12, deep + 0.5], clay.dark);
  solid.box([x, y, z], [long, high * 0.86, deep * 0.62], clay.body);
  solid.box([x, y + high * 0.44, z], [long + 0.06, 0.05, deep * 0.62 + 0.06], clay.light);
  for (const side of [-1, 1]) {
    for (let i = 0; i < 11; i++) solid.box([x + ((i - 5) * long) / 12, y - 0.05, z + side * deep * 0.41], [0.04, high * 0.66, deep * 0.2], clay.body);
    for (const at of [-0.3, 0.3]) solid.cylinder([x, y + at * high - 0.05, z + side * deep * 0.41], 0.03, long * 0.94, 0, clay.dark, 10);
  }
  for (let phase = -1; phase <= 1; phase++) {
    const at = x + phase * 0.52;
    solid.cylinder([at, y + high * 0.55, phase * RAIL_APART], 0.05, 0.28, 1, clay.dark, 12);
    for (let i = 0; i < 3; i++) solid.cylinder([at, y + high * 0.5 + i * 0.08, phase * RAIL_APART], 0.1, 0.028, 1, clay.light, 16);
  }
  solid.cylinder([x - long * 0.05, y + high * 0.56, z - deep * 0.34], 0.15, long * 0.6, 0, clay.light, 20);
}

/** The face of the meter's display, looking along z. */
export function displayAt({ centre: [x, y, z], size: [, , deep] }: Box): Point {
  return [x, y + 0.34, z + deep / 2 + 0.062];
}
export const DISPLAY: [number, number] = [0.5, 0.3];

function meter(solid: Solid, box: Box, clay: Clay): void {
  const { centre: [x, y, z], size: [long, high, deep] } = box;
  solid.box([x, 0.05, z], [long + 0.2, 0.1, deep + 0.2], clay.dark);
  solid.box([x, y, z], [long, high, deep], clay.body);
  solid.box([x, y + high / 2 + 0.02, z], [long + 0.08, 0.04, deep + 0.08], clay.dark);
  solid.box([x, y, z + deep / 2 + 0.009], [long - 0.08, high - 0.1, 0.018], clay.light);
  const [dx, dy, dz] = displayAt(box);
  solid.box([dx, dy, dz - 0.026], [DISPLAY[0] + 0.08, DISPLAY[1] + 0.08, 0.044], clay.dark);
  for (let i = 0; i < 4; i++) solid.box([dx - 0.16 + i * 0.107, dy - DISPLAY[1] / 2 - 0.1, dz - 0.03], [0.06, 0.03, 0.03], clay.dark);
  solid.box([x + long / 2 - 0.09, y - 0.1, z + deep / 2 + 0.03], [0.022, 0.2, 0.024], clay.dark);
  for (let k = 0; k < 5; k++) solid.box([x, y - high * 0.36 + k * 0.045, z + deep / 2 + 0.022], [long - 0.28, 0.018, 0.01], clay.dark);
  // current transformers on the three conductors that leave towards the pylon
  for (let phase = -1; phase <= 1; phase++) {
    const cz = z + phase * 0.16;
    solid.cylinder([x + long / 2 + 0.12, y - 0.5, cz], 0.07, 0.09, 0, clay.dark, 18);
    solid.cylinder([x + long / 2 + 0.2, y - 0.5, cz], 0.02, 0.4, 0, clay.light, 8);
  }
}

/** From the transformer past the meter to the pylon's conductors. */
export function gridWay(place: Placement): Point[] {
  const t = place.transformer;
  const m = place.meter;
  const [px, , pz] = place.pylon;
  const z = m.centre[2] + m.size[2] / 2 + 0.3;
  return [[t.centre[0] + t.size[0] / 2 + 0.3, 0.1, z], [px, 0.1, z], [px, 0.1, pz + 0.25], [px, PYLON - 0.7, pz + 0.25]];
}

/** What the arrows of the grid connection run on: from the transformer along the ground to the foot of the pylon. */
function gridCable(solid: Solid, place: Placement, clay: Clay): void {
  const [start, corner, foot] = gridWay(place) as [Point, Point, Point];
  const from = start[0] - 0.15;
  solid.cylinder([(from + corner[0]) / 2, 0.05, start[2]], 0.035, corner[0] - from, 0, clay.dark, 10);
  solid.cylinder([corner[0], 0.05, (corner[2] + foot[2]) / 2], 0.035, Math.abs(corner[2] - foot[2]), 2, clay.dark, 10);
}

function pylon(solid: Solid, place: Placement, clay: Clay): void {
  const [x, , z] = place.pylon;
  solid.cylinder([x, PYLON / 2, z], 0.11, PYLON, 1, clay.body, 16);
  solid.box([x, 0.1, z], [0.7, 0.2, 0.7], clay.dark);
  solid.box([x, PYLON - 0.6, z], [0.1, 0.1, 2.2], clay.body);
  for (const side of [-1, 0, 1]) {
    const top = side === 0 ? PYLON + 0.1 : PYLON - 0.42;
    solid.cylinder([x, top, z + side * 0.98], 0.05, 0.26, 1, clay.dark, 10);
    for (let i = 0; i < 2; i++) solid.cylinder([x, top - 0.05 + i * 0.09, z + side * 0.98], 0.09, 0.025, 1, clay.light, 12);
    // the line leaves the picture
    solid.cylinder([x + 4, top + 0.13, z + side * 0.98], 0.012, 8, 0, clay.dark, 6);
  }
  solid.cylinder([x, PYLON / 2 - 0.3, z + 0.2], 0.03, PYLON - 0.6, 1, clay.dark, 8);
}
