/** Where labels go: near their part, inside the frame, never on one another; what finds no room is left to the panels below. */

export interface Wanted {
  /** Where the part is seen, in pixels. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Spot {
  x: number;
  y: number;
}

const GAP = 8;
const EDGE = 8;
const RINGS = [26, 52, 84, 122, 168, 220, 280, 350];
const TURNS = [-0.9, -2.24, 0.9, 2.24, -1.57, 1.57, 0, 3.14];

/**
 * A place for each label in order of rank, null where there is none. `keep` are areas that stay free (x, y, width, height),
 * `spare` such that only the first `sure` labels take, where there is no other place for them.
 */
export function layOut(wanted: (Wanted | null)[], width: number, height: number, keep: readonly Wanted[] = [], spare: readonly Wanted[] = [], sure = 1): (Spot | null)[] {
  const taken: Wanted[] = [...keep];
  const anchors = wanted.filter((each): each is Wanted => each !== null);
  return wanted.map((label, rank) => {
    if (!label) return null;
    const free = candidates(label, width, height).filter((at) => {
      const box = { ...at, width: label.width, height: label.height };
      return !taken.some((other) => touches(box, other, GAP)) && !anchors.some((dot) => touches(box, { x: dot.x, y: dot.y, width: 0, height: 0 }, 4));
    });
    const spot = free.find((at) => !spare.some((other) => touches({ ...at, width: label.width, height: label.height }, other, GAP))) ?? (rank < sure ? free[0] : undefined);
    if (!spot) return null;
    taken.push({ ...spot, width: label.width, height: label.height });
    return spot;
  });
}

function touches(a: Wanted, b: Wanted, gap: number): boolean {
  return a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;
}

/** Places around the part, the nearest first, those that look away from the middle of the frame before the others. */
function candidates({ x, y, width, height }: Wanted, wide: number, high: number): Spot[] {
  const out: Spot[] = [];
  if (width + 2 * EDGE > wide || height + 2 * EDGE > high) return out;
  const left = x < wide / 2;
  for (const ring of RINGS) {
    for (const turn of TURNS) {
      const angle = left ? Math.PI - turn : turn;
      const [cx, cy] = [x + Math.cos(angle) * (ring + width / 2), y + Math.sin(angle) * (ring + height / 2)];
      const at = { x: Math.round(cx - width / 2), y: Math.round(cy - height / 2) };
      const held = { x: Math.max(EDGE, Math.min(wide - width - EDGE, at.x)), y: Math.max(EDGE, Math.min(high - height - EDGE, at.y)) };
      out.push(held);
    }
  }
  return out;
}

/** Where the line to the part leaves the label: the nearest point of its edge. */
export function leave(spot: Spot, { x, y, width, height }: Wanted): Spot {
  return { x: Math.max(spot.x, Math.min(spot.x + width, x)), y: Math.max(spot.y, Math.min(spot.y + height, y)) };
}
