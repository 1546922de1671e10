/** The ground: it fades before it ends, and what stands on it has a soft plate of shade under it. One draw. */

import { BufferAttribute, BufferGeometry, Color, Mesh, MeshBasicMaterial } from "three";
import type { Box } from "./box";
import type { Clay } from "./theme";

const RINGS = [0, 0.5, 0.8, 1];
const FADE = [1, 0.9, 0.4, 0];
const SIDES = 48;

export function groundMesh(middle: readonly [number, number], radius: number, standing: Box[], clay: Clay): Mesh {
  const position: number[] = [];
  const colour: number[] = [];
  const index: number[] = [];
  const tint = new Color(clay.ground);
  const vertex = (x: number, y: number, z: number, [r, g, b]: number[], alpha: number) => {
    position.push(x, y, z);
    colour.push(r!, g!, b!, alpha);
    return position.length / 3 - 1;
  };
  const grey = [tint.r, tint.g, tint.b];
  RINGS.forEach((ring, n) => {
    for (let i = 0; i <= SIDES; i++) {
      const angle = (2 * Math.PI * i) / SIDES;
      vertex(middle[0] + Math.cos(angle) * ring * radius, 0, middle[1] + Math.sin(angle) * ring * radius, grey, FADE[n]!);
    }
  });
  for (let n = 0; n + 1 < RINGS.length; n++) {
    for (let i = 0; i < SIDES; i++) {
      const a = n * (SIDES + 1) + i;
      const b = a + SIDES + 1;
      index.push(a, a + 1, b, a + 1, b + 1, b);
    }
  }
  const black = [0, 0, 0];
  for (const { centre, size } of standing) {
    const spread = Math.min(0.9, 0.25 + 0.2 * size[1]);
    const ring = (grow: number, alpha: number) =>
      [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) =>
        vertex(centre[0] + a! * (size[0] / 2 + grow), 0.004, centre[2] + b! * (size[2] / 2 + grow), black, alpha));
    const inner = ring(0, clay.shadow);
    const half = ring(spread * 0.4, clay.shadow * 0.38);
    const outer = ring(spread, 0);
    index.push(inner[0]!, inner[2]!, inner[1]!, inner[0]!, inner[3]!, inner[2]!);
    for (const [a, b] of [[inner, half], [half, outer]] as const) {
      for (let i = 0; i < 4; i++) {
        const j = (i + 1) % 4;
        index.push(a[i]!, a[j]!, b[i]!, a[j]!, b[j]!, b[i]!);
      }
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(position), 3));
  geometry.setAttribute("color", new BufferAttribute(new Float32Array(colour), 4));
  geometry.setIndex(index);
  const mesh = new Mesh(geometry, new MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false }));
  mesh.renderOrder = -1;
  return mesh;
}
