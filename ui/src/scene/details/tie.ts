/** Level 8: a line between the lowest and the highest cell, as thick as the spread between them. */

import { CylinderGeometry, Group, InstancedMesh, Matrix4, MeshBasicMaterial, NoBlending, Quaternion, Vector3 } from "three";
import type { Point } from "../../flight/pose";
import { DATA_ORDER } from "../fieldcolours";
import { coloured } from "../flow";
import type { Detail, Making } from "./detail";

const THICK_PER_V = 0.5; // m of thickness: 50 mV draw 25 mm
const THINNEST = 0.012;
const THICKEST = 0.07;

export class Tie implements Detail {
  readonly group = new Group();
  readonly levels = [8];
  private readonly line: InstancedMesh;

  constructor({ clay }: Making) {
    this.line = coloured(new InstancedMesh(new CylinderGeometry(1, 1, 1, 10), new MeshBasicMaterial({ depthTest: false, transparent: true, blending: NoBlending }), 1), clay.ink);
    this.line.renderOrder = DATA_ORDER + 1;
    this.line.visible = false;
    this.group.add(this.line);
  }

  between(low: Point | null, high: Point | null, spread: number): void {
    this.line.visible = low !== null && high !== null;
    if (!low || !high) return;
    const [a, b] = [new Vector3(...low), new Vector3(...high)];
    const way = b.clone().sub(a);
    const length = Math.max(1e-3, way.length());
    const thick = Math.min(THICKEST, Math.max(THINNEST, spread * THICK_PER_V)) / 2;
    const turn = new Quaternion().setFromUnitVectors(new Vector3(0, 1, 0), way.normalize());
    this.line.setMatrixAt(0, new Matrix4().compose(a.add(b).multiplyScalar(0.5), turn, new Vector3(thick, length, thick)));
    this.line.instanceMatrix.needsUpdate = true;
  }
}
