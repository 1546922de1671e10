/** Level 7: a frame around the cells whose block of registers was read last; it moves as the sweep does. */

import { BoxGeometry, Group, InstancedMesh, Matrix4, MeshLambertMaterial } from "three";
import type { Point } from "../../flight/pose";
import type { Snapshot } from "../../figures/snapshot";
import type { Model } from "../../plant/model";
import { coloured } from "../flow";
import { CELL_SIZE } from "../placement";
import type { Detail, Making } from "./detail";

const THICK = 0.02; // m
const MARGIN = 0.02;
const EDGES = 12;

/** The block of cells that answered last: its number, -1 before any did. */
export function lastBlock(blocks: Iterable<number>, shown: Snapshot): number {
  let last = -1;
  let latest = 0;
  for (const block of blocks) {
    const ms = shown.frame.blockMs[block] ?? 0;
    if (ms > latest) [last, latest] = [block, ms];
  }
  return last;
}

/** Numbers of the cells that each block carries. */
export function cellsOfBlocks(model: Model): Map<number, number[]> {
  const out = new Map<number, number[]>();
  model.cells?.points.forEach((point, cell) => {
    const block = point < 0 ? -1 : model.schema.points.block[point]!;
    if (block < 0) return;
    const members = out.get(block);
    if (members) members.push(cell);
    else out.set(block, [cell]);
  });
  return out;
}

export class LastBlock implements Detail {
  readonly group = new Group();
  readonly levels = [7];
  private readonly members: Map<number, number[]>;
  private readonly edges: InstancedMesh;
  private block = -1;

  constructor({ clay }: Making, model: Model) {
    this.members = cellsOfBlocks(model);
    this.edges = coloured(new InstancedMesh(new BoxGeometry(1, 1, 1), new MeshLambertMaterial(), EDGES), clay.ink);
    this.edges.visible = false;
    this.group.add(this.edges);
  }

  take(shown: Snapshot): boolean {
    const block = lastBlock(this.members.keys(), shown);
    if (block === this.block) return false;
    this.block = block;
    return true;
  }

  /** Lays the frame around the cells where they are drawn now. */
  lay(centreOf: (cell: number) => Point | null): void {
    const low: [number, number, number] = [Infinity, Infinity, Infinity];
    const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
    for (const cell of this.members.get(this.block) ?? []) {
      const centre = centreOf(cell);
      if (!centre) continue;
      for (let k = 0; k < 3; k++) {
        low[k] = Math.min(low[k]!, centre[k]! - CELL_SIZE[k]! / 2 - MARGIN);
        high[k] = Math.max(high[k]!, centre[k]! + CELL_SIZE[k]! / 2 + MARGIN);
      }
    }
    this.edges.visible = low[0] < high[0];
    if (!this.edges.visible) return;
    const matrix = new Matrix4();
    let n = 0;
    for (let axis = 0; axis < 3; axis++) {
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
      for (const [a, b] of [[low[u]!, low[v]!], [high[u]!, low[v]!], [low[u]!, high[v]!], [high[u]!, high[v]!]]) {
        const size = [THICK, THICK, THICK];
        const at = [0, 0, 0];
        size[axis] = high[axis]! - low[axis]! + THICK;
        at[axis] = (low[axis]! + high[axis]!) / 2;
        at[u] = a!;
        at[v] = b!;
        this.edges.setMatrixAt(n++, matrix.makeScale(size[0]!, size[1]!, size[2]!).setPosition(at[0]!, at[1]!, at[2]!));
      }
    }
    this.edges.instanceMatrix.needsUpdate = true;
  }
}
