/**
 * Arrows along a way: they run as the sign of a register says, in one of three speeds; below 1 % there are none, and where
 * the register is late or silent they stand and point nowhere.
 */

import { Color, CylinderGeometry, InstancedMesh, Matrix4, MeshLambertMaterial, Quaternion, Vector3 } from "three";
import type { Point } from "../flight/pose";

const UP = new Vector3(0, 1, 0);
const APART = 0.55; // m
/** What an arrow becomes that no longer knows its way. */
const DISC = new Vector3(1.5, 0.18, 1.5);

/** Speed in m/s for a share of the rated value (−1 … 1): classes 1–10 %, 10–50 %, above. */
export function speedClass(share: number | null): number {
  if (share === null || Math.abs(share) < 0.01) return 0;
  const size = Math.abs(share) > 0.5 ? 1.5 : Math.abs(share) > 0.1 ? 0.7 : 0.3;
  return Math.sign(share) * size;
}

/** Arrow heads share one geometry and one material each; instance colours keep one shader for all that moves. */
export function coloured<T extends InstancedMesh>(mesh: T, colour: number): T {
  const tint = new Color(colour);
  for (let n = 0; n < mesh.count; n++) mesh.setColorAt(n, tint);
  mesh.frustumCulled = false;
  return mesh;
}

export class Flow {
  readonly mesh: InstancedMesh;
  private readonly way: Vector3[];
  private readonly lengths: number[];
  private readonly total: number;
  private speed = 0;
  private known = true;
  private offset = 0;

  constructor(points: Point[], size: number, colour: number, apart = APART) {
    this.way = points.map((point) => new Vector3(...point));
    this.lengths = this.way.slice(1).map((point, n) => point.distanceTo(this.way[n]!));
    this.total = this.lengths.reduce((a, b) => a + b, 0);
    const count = Math.max(1, Math.floor(this.total / apart));
    this.mesh = coloured(new InstancedMesh(new CylinderGeometry(0, size * 0.55, size * 1.5, 8), new MeshLambertMaterial(), count), colour);
    this.mesh.visible = false;
  }

  /** `fresh`: the register speaks of now; where it does not, flat discs stand in for the arrows. True when that changed what is drawn. */
  set(share: number | null, fresh: boolean): boolean {
    const speed = speedClass(share);
    if (speed === this.speed && fresh === this.known) return false;
    this.speed = speed;
    this.known = fresh;
    this.mesh.visible = speed !== 0;
    this.lay();
    return true;
  }

  /** True while it moves. */
  step(seconds: number): boolean {
    if (this.speed === 0 || !this.known) return false;
    this.offset = (this.offset + this.speed * seconds) % this.total;
    this.lay();
    return true;
  }

  private lay(): void {
    const { count } = this.mesh;
    const matrix = new Matrix4();
    const turn = new Quaternion();
    const shape = this.known ? new Vector3(1, 1, 1) : DISC;
    for (let n = 0; n < count; n++) {
      let at = (((n * this.total) / count + this.offset) % this.total + this.total) % this.total;
      let leg = 0;
      while (leg < this.lengths.length - 1 && at > this.lengths[leg]!) at -= this.lengths[leg++]!;
      const [a, b] = [this.way[leg]!, this.way[leg + 1]!];
      const along = b.clone().sub(a).normalize();
      turn.setFromUnitVectors(UP, this.speed < 0 ? along.clone().negate() : along);
      this.mesh.setMatrixAt(n, matrix.compose(a.clone().addScaledVector(along, at), turn, shape));
    }
    this.mesh.instanceMatrix.needsUpdate = true;
  }
}
