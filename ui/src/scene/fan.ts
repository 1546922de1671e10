/** A fan: its blades turn as its register says, never faster than the eye can follow. */

import { Mesh, type Material } from "three";
import type { Point } from "../flight/pose";
import { Solid } from "./solid";

const FASTEST = 2; // turns a second

export class Fan {
  readonly mesh: Mesh;
  private turns = 0;

  /** `axis` 0 looks along x, 1 along y. */
  constructor(centre: Point, radius: number, private readonly axis: 0 | 1, colour: number, material: Material) {
    const solid = new Solid();
    for (let i = 0; i < 5; i++) solid.blade(axis, (2 * Math.PI * i) / 5, radius, colour);
    solid.cylinder([0, 0, 0], radius * 0.22, 0.05, axis, colour, 12);
    this.mesh = new Mesh(solid.geometry(), material);
    this.mesh.position.set(...centre);
  }

  set(rpm: number | null): boolean {
    const turns = rpm === null || rpm <= 0 ? 0 : Math.min(FASTEST, rpm / 60);
    if (turns === this.turns) return false;
    this.turns = turns;
    return true;
  }

  step(seconds: number): boolean {
    if (this.turns === 0 || !this.mesh.visible) return false;
    if (this.axis === 0) this.mesh.rotation.x += 2 * Math.PI * this.turns * seconds;
    else this.mesh.rotation.y += 2 * Math.PI * this.turns * seconds;
    return true;
  }
}
