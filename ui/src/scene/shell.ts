/**
 * A body with walls that can be seen through: solid from afar; as an x-ray only its far walls are filled, so that
 * nothing lies between the eye and the data's colours but thin edges, and data are drawn over those.
 */

import { BoxGeometry, EdgesGeometry, Group, LineBasicMaterial, LineSegments, Mesh, MeshLambertMaterial } from "three";
import type { Box } from "./box";
import type { Clay } from "./theme";

const XRAY = 0.16;

export class Shell {
  readonly group = new Group();
  private readonly front: MeshLambertMaterial;
  private readonly back: MeshLambertMaterial;
  private readonly line: LineBasicMaterial;
  private readonly walls: [Mesh, Mesh];

  constructor({ centre, size }: Pick<Box, "centre" | "size">, clay: Clay, colour = clay.body) {
    const geometry = new BoxGeometry(...size);
    const inside = geometry.clone().scale(-1, -1, -1); // turned inside out: the far walls
    const material = { color: colour, transparent: true, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 };
    this.front = new MeshLambertMaterial(material);
    this.back = new MeshLambertMaterial({ ...material, depthWrite: false });
    this.line = new LineBasicMaterial({ color: clay.edge, transparent: true, depthWrite: false });
    this.walls = [new Mesh(geometry, this.front), new Mesh(inside, this.back)];
    this.group.add(...this.walls, new LineSegments(new EdgesGeometry(geometry), this.line));
    this.group.position.set(...centre);
  }

  /** 0 solid, 1 seen through, 2 gone. */
  see(through: number): void {
    const solid = Math.max(0, 1 - through * 2);
    this.front.opacity = solid;
    this.front.depthWrite = solid > 0.95;
    this.walls[0].visible = solid > 0;
    this.walls[1].visible = through > 0;
    this.back.opacity = Math.min(XRAY, XRAY * through * 2) * Math.min(1, 2 - through);
    this.line.opacity = 0.8 * Math.min(1, 2 - through);
    this.group.visible = through < 2;
  }
}
