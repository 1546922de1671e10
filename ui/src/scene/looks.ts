/** How each level shows the machine: what is seen through, what is drawn one by one, what carries colour. */

/** Cells as skins of their modules, one by one, or only as the outlines of their modules. */
export type Battery = "skin" | "cells" | "ghost";

export interface Look {
  /** Walls of the container: 0 solid, 1 seen through, 2 gone. */
  walls: number;
  /** Walls of the converter that is looked at. */
  cabinet: number;
  battery: Battery;
  /** Only the module that is looked at; the others are outlines. */
  alone: boolean;
  /** Size of a cell, 1 is its own; the extremes keep theirs. */
  size: number;
  /** How far the rows of modules are drawn apart, 0 is in their place. */
  apart: number;
  /** Cells in clay: here the colour belongs to the sensors. */
  plain: boolean;
  /** Temperature sensors as beads; their size is this many centimetres. */
  beads: number;
}

const OUTSIDE: Look = { walls: 0, cabinet: 0, battery: "skin", alone: false, size: 1, apart: 0, plain: false, beads: 0 };
const INSIDE: Look = { ...OUTSIDE, walls: 1 };
const CLOSE: Look = { ...OUTSIDE, walls: 2, battery: "cells", alone: true, size: 0.97 };

const LOOKS: Record<number, Look> = {
  3: INSIDE,
  4: CLOSE,
  5: { ...INSIDE, battery: "ghost", beads: 9 },
  6: CLOSE,
  7: { ...OUTSIDE, walls: 2, battery: "cells", size: 0.9, apart: 0.6 },
  8: { ...INSIDE, battery: "cells", size: 0.42 },
  9: { ...CLOSE, plain: true, beads: 3 },
  10: { ...OUTSIDE, cabinet: 1 },
  11: { ...OUTSIDE, cabinet: 1 },
  14: { ...INSIDE, plain: true },
};

export function lookOf(level: number): Look {
  return LOOKS[level] ?? OUTSIDE;
}

/** A look on the way from one to another: numbers slide, the rest changes half way. */
export function lookBetween(a: Look, b: Look, share: number): Look {
  const near = share < 0.5 ? a : b;
  const slide = (from: number, to: number) => from + (to - from) * share;
  return {
    ...near, walls: slide(a.walls, b.walls), cabinet: slide(a.cabinet, b.cabinet), size: slide(a.size, b.size),
    apart: slide(a.apart, b.apart),
  };
}
