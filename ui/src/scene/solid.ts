/** Builds one merged geometry from boxes and cylinders: the clay of the machine is a single draw call. */

import { BufferAttribute, BufferGeometry, Color } from "three";
import type { Point } from "../flight/pose";

type Axis = 0 | 1 | 2;

/** Boxes longer than this (m) show their edges as lines. */
const EDGED = 0.4;

export class Solid {
  private readonly position: number[] = [];
  private readonly normal: number[] = [];
  private readonly colour: number[] = [];
  private readonly index: number[] = [];
  private readonly lines: number[] = [];
  private readonly tint = new Color();

  /** A box; `size` are full lengths. */
  box(centre: Point, size: Point, colour: number): this {
    this.tint.set(colour);
    if (Math.max(...size) > EDGED && [...size].sort((a, b) => a - b)[1]! > EDGED / 4) this.edge(centre, size);
    for (let axis = 0; axis < 3; axis++) {
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
      for (const sign of [1, -1]) {
        const first = this.position.length / 3;
        for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
          const at = [...centre] as [number, number, number];
          at[axis]! += (sign * size[axis]!) / 2;
          at[u]! += (a * size[u]!) / 2;
          at[v]! += (b * size[v]!) / 2;
          const normal = [0, 0, 0];
          normal[axis] = sign;
          this.vertex(at, normal as [number, number, number]);
        }
        this.quad(first, sign > 0);
      }
    }
    return this;
  }

  /** A cylinder along an axis, closed at both ends. */
  cylinder(centre: Point, radius: number, height: number, axis: Axis, colour: number, sides = 16): this {
    this.tint.set(colour);
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    const ring = (i: number) => [Math.cos((2 * Math.PI * i) / sides), Math.sin((2 * Math.PI * i) / sides)] as const;
    const place = (c: number, s: number, end: number): [number, number, number] => {
      const at = [...centre] as [number, number, number];
      at[u]! += c * radius;
      at[v]! += s * radius;
      at[axis]! += (end * height) / 2;
      return at;
    };
    for (let i = 0; i < sides; i++) {
      const first = this.position.length / 3;
      for (const [j, end] of [[i, -1], [i + 1, -1], [i + 1, 1], [i, 1]] as const) {
        const [c, s] = ring(j);
        const normal: [number, number, number] = [0, 0, 0];
        normal[u] = c;
        normal[v] = s;
        this.vertex(place(c, s, end), normal);
      }
      this.quad(first, true);
    }
    for (const end of [1, -1]) {
      const normal: [number, number, number] = [0, 0, 0];
      normal[axis] = end;
      const first = this.position.length / 3;
      for (let i = 0; i < sides; i++) this.vertex(place(...ring(i), end), normal);
      for (let i = 1; i < sides - 1; i++) {
        if (end > 0) this.index.push(first, first + i, first + i + 1);
        else this.index.push(first, first + i + 1, first + i);
      }
    }
    return this;
  }

  /** A box that stands upright with rounded corners. */
  rounded([x, y, z]: Point, [wide, high, deep]: Point, radius: number, colour: number, steps = 4): this {
    this.tint.set(colour);
    const outline: [number, number, number, number][] = [];
    for (const [sx, sz, start] of [[1, 1, 0], [-1, 1, 1], [-1, -1, 2], [1, -1, 3]] as const) {
      for (let i = 0; i <= steps; i++) {
        const angle = ((start + i / steps) * Math.PI) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        outline.push([x + sx * (wide / 2 - radius) + c * radius, z + sz * (deep / 2 - radius) + s * radius, c, s]);
      }
    }
    const count = outline.length;
    for (let i = 0; i < count; i++) {
      const [a, b] = [outline[i]!, outline[(i + 1) % count]!];
      const first = this.position.length / 3;
      for (const [[px, pz, nx, nz], end] of [[a, -1], [b, -1], [b, 1], [a, 1]] as const) this.vertex([px, y + (end * high) / 2, pz], [nx, 0, nz]);
      this.quad(first, false);
    }
    for (const end of [1, -1]) {
      const first = this.position.length / 3;
      for (const [px, pz] of outline) this.vertex([px, y + (end * high) / 2, pz], [0, end, 0]);
      for (let i = 1; i < count - 1; i++) {
        if (end > 0) this.index.push(first, first + i + 1, first + i);
        else this.index.push(first, first + i, first + i + 1);
      }
    }
    return this;
  }

  /** One blade of a fan about the origin, seen from both sides. */
  blade(axis: 0 | 1, angle: number, radius: number, colour: number): this {
    this.tint.set(colour);
    const corner = (turn: number, r: number, depth: number): [number, number, number] => {
      const [c, s] = [Math.cos(angle + turn) * r, Math.sin(angle + turn) * r];
      return axis === 0 ? [depth, c, s] : [c, depth, s];
    };
    const normal: Point = axis === 0 ? [1, 0, 0] : [0, 1, 0];
    for (const forward of [true, false]) {
      const first = this.position.length / 3;
      for (const [turn, r, depth] of [[-0.25, 0.2, -0.012], [0.25, 0.2, 0.012], [0.42, 0.95, 0.018], [-0.12, 0.95, -0.018]] as const) {
        this.vertex(corner(turn, r * radius, depth), normal);
      }
      this.quad(first, forward);
    }
    return this;
  }

  /** Its crisp edges, as pairs of points: of every box that is not a mere strip. */
  edges(): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.lines), 3));
    return geometry;
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.position), 3));
    geometry.setAttribute("normal", new BufferAttribute(new Float32Array(this.normal), 3));
    geometry.setAttribute("color", new BufferAttribute(new Float32Array(this.colour), 3));
    geometry.setIndex(this.index);
    return geometry;
  }

  private edge(centre: Point, size: Point): void {
    for (let axis = 0; axis < 3; axis++) {
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
      for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
        for (const end of [-1, 1]) {
          const at = [...centre] as [number, number, number];
          at[axis]! += (end * size[axis]!) / 2;
          at[u]! += (a * size[u]!) / 2;
          at[v]! += (b * size[v]!) / 2;
          this.lines.push(...at);
        }
      }
    }
  }

  private vertex(at: Point, normal: Point): void {
    this.position.push(...at);
    this.normal.push(...normal);
    this.colour.push(this.tint.r, this.tint.g, this.tint.b);
  }

  private quad(first: number, forward: boolean): void {
    if (forward) this.index.push(first, first + 1, first + 2, first, first + 2, first + 3);
    else this.index.push(first, first + 2, first + 1, first, first + 3, first + 2);
  }
}
