/** The camera: a pose made visible, and the ways between the canvas and the site. */

import { PerspectiveCamera, Vector3 } from "three";
import { eyeOf, type Point, type Pose } from "../flight/pose";
import { FOV } from "./fit";

const NEAREST = 0.02; // m
const FAR = 300;

/** From the eye through a point of the canvas. */
export interface Ray {
  eye: Point;
  way: Point;
}

export class Eye {
  readonly camera = new PerspectiveCamera(FOV, 2, NEAREST, FAR);

  look(pose: Pose): void {
    const { camera } = this;
    camera.position.set(...eyeOf(pose));
    camera.near = Math.max(NEAREST, pose.distance * 0.03);
    camera.lookAt(...pose.look);
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
  }

  setAspect(aspect: number): void {
    this.camera.aspect = aspect;
    this.camera.updateProjectionMatrix();
  }

  /** Through a point of the canvas (-1 … 1, y up). */
  ray(x: number, y: number): Ray {
    const { position } = this.camera;
    const way = new Vector3(x, y, 0.5).unproject(this.camera).sub(position).normalize();
    return { eye: [position.x, position.y, position.z], way: [way.x, way.y, way.z] };
  }

  /** Where a point of the site is on the canvas (shares of its size), null behind the camera. */
  project(point: Point): { x: number; y: number; depth: number } | null {
    const seen = new Vector3(...point).project(this.camera);
    return seen.z > 1 || seen.z < -1 ? null : { x: (seen.x + 1) / 2, y: (1 - seen.y) / 2, depth: seen.z };
  }
}
