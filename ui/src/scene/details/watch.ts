/**
 * Level 14: smoke heads, gas sensors, leak rope, emergency stop, door, extinguisher. What no register speaks for is
 * hatched; smoke hangs in the container only while the smoke detector's register says so.
 */

import { Color, Group, InstancedMesh, Matrix4, PlaneGeometry, ShaderMaterial } from "three";
import type { Point } from "../../flight/pose";
import { Fan } from "../fan";
import type { ContainerPlace } from "../placement";
import { Solid } from "../solid";
import { drawn, type Ask, type Detail, type Fresh, type Making } from "./detail";

const PUFFS = 36;
const CALM = 0.12; // m/s that smoke rises

export type Watcher = "smoke" | "gas" | "hydrogen" | "rope" | "stop" | "door" | "bottle" | "exhaust";

/** Where each of them sits in a container. */
export function watcherAt({ shell: { centre: [x, , z], size: [long, high, deep] } }: ContainerPlace, what: Watcher): Point {
  const front = z + deep / 2;
  switch (what) {
    case "smoke": return [x - long * 0.26, high - 0.14, z + 0.2];
    case "gas": return [x + long * 0.06, high - 0.16, z + 0.5];
    case "hydrogen": return [x + long * 0.16, high - 0.16, z + 0.5];
    case "rope": return [x - long * 0.1, 0.19, front - 0.13];
    case "stop": return [x + long / 2 - 0.25, 1.5, front + 0.06];
    case "door": return [x - long / 2 - 0.02, 1.4, z + 0.2];
    case "bottle": return [x - long / 2 + 0.24, 0.75, front - 0.25];
    case "exhaust": return [x - long / 2 - 0.03, high - 0.5, z - 0.72];
  }
}

/** What each is said by; none of these mapped means no register. */
export const SAID_BY: Record<Watcher, [kind: "smoke1" | "leak1" | "" | "pcs", metric: string][]> = {
  smoke: [["smoke1", "alarm_level"]],
  gas: [["", "co_concentration"]],
  hydrogen: [["", "h2_concentration"]],
  rope: [["leak1", "status"]],
  stop: [["pcs", "state_estop"]],
  door: [["", "door"]],
  bottle: [["", "extinguisher_pressure"]],
  exhaust: [["", "exhaust_fan_speed_1"]],
};

export class Watch implements Detail {
  readonly group = new Group();
  readonly levels = [14];
  private readonly smoke: InstancedMesh[] = [];
  private readonly fans: Fan[] = [];
  private readonly drifts: boolean[] = [];
  private time = 0;

  constructor(private readonly making: Making) {
    const { clay, stuff, place, mapped } = making;
    const solid = new Solid();
    const none = new Solid();
    for (const container of place.containers) {
      const of = (what: Watcher) =>
        SAID_BY[what].some(([at, metric]) =>
          at === "pcs" ? place.pcs.some(({ part }) => mapped(part!, metric)) : mapped(at ? `${container.id}/${at}` : container.id, metric)) ? solid : none;
      const spot = (what: Watcher) => watcherAt(container, what);
      const { shell } = container;
      const [x, , z] = shell.centre;
      const [long, high, deep] = shell.size;
      const [sx, sy, sz] = spot("smoke");
      // the detector draws air through a pipe along the ceiling
      of("smoke").box([sx, sy, sz], [0.3, 0.2, 0.16], clay.light);
      of("smoke").cylinder([x, sy + 0.06, sz], 0.022, long - 0.5, 0, clay.light, 10);
      for (let i = -2; i <= 2; i++) of("smoke").cylinder([x + (i * (long - 1)) / 5, sy + 0.02, sz], 0.05, 0.05, 1, clay.dark, 14);
      for (const what of ["gas", "hydrogen"] as const) of(what).cylinder(spot(what), 0.09, 0.1, 1, clay.light, 20);
      of("rope").cylinder([x, spot("rope")[1], spot("rope")[2]], 0.028, long - 0.4, 0, clay.ink, 10);
      of("rope").cylinder([x - long / 2 + 0.2, spot("rope")[1], z], 0.028, deep - 0.26, 2, clay.ink, 10);
      const stop = spot("stop");
      of("stop").box([stop[0], stop[1], stop[2] - 0.03], [0.2, 0.2, 0.06], clay.dark);
      of("stop").cylinder([stop[0], stop[1], stop[2] + 0.03], 0.06, 0.06, 2, clay.light, 20);
      const door = spot("door");
      of("door").box(door, [0.04, 2.2, 1.1], clay.body);
      const bottle = spot("bottle");
      of("bottle").cylinder(bottle, 0.11, 1.0, 1, clay.body, 20);
      of("bottle").cylinder([bottle[0], bottle[1] + 0.58, bottle[2]], 0.04, 0.16, 1, clay.dark, 12);
      const exhaust = spot("exhaust");
      of("exhaust").cylinder(exhaust, 0.26, 0.05, 0, clay.dark, 24);
      const fan = new Fan([exhaust[0] - 0.05, exhaust[1], exhaust[2]], 0.22, 0, clay.light, stuff.clay);
      this.fans.push(fan);
      const puffs = new InstancedMesh(new PlaneGeometry(1, 1), smokeMaterial(clay.ink), PUFFS);
      for (let n = 0; n < PUFFS; n++) {
        const [a, b, c] = [0.618, 0.755, 0.57].map((k) => (n * k) % 1) as [number, number, number];
        // under the roof, and in the gap between modules and wall
        const above = n % 3 !== 0;
        puffs.setMatrixAt(n, new Matrix4().makeTranslation(sx + (a - 0.5) * long * 0.42, above ? high - 0.3 + b * 0.2 : 1.5 + b, above ? z + (c - 0.5) * deep * 0.8 : z + deep / 2 - 0.06));
      }
      puffs.visible = false;
      puffs.frustumCulled = false;
      puffs.renderOrder = 4;
      this.smoke.push(puffs);
      this.group.add(fan.mesh, puffs);
    }
    this.group.add(...drawn(solid, stuff), ...drawn(none, stuff, stuff.hatch));
  }

  feed(ask: Ask, fresh: Fresh): boolean {
    const changed = this.making.place.containers.map(({ id }, n) => {
      const level = ask(`${id}/smoke1`, "alarm_level");
      const seen = level !== null && level > 0;
      const moved = this.fans[n]!.set(fresh(id, "exhaust_fan_speed_1") ? ask(id, "exhaust_fan_speed_1") : null);
      this.drifts[n] = fresh(`${id}/smoke1`, "alarm_level");
      if (this.smoke[n]!.visible === seen) return moved;
      this.smoke[n]!.visible = seen;
      return true;
    });
    return changed.some(Boolean);
  }

  move(seconds: number): boolean {
    const drifting = this.smoke.filter(({ visible }, n) => visible && this.drifts[n]); // smoke of the past hangs still
    this.time += seconds * CALM;
    for (const puffs of drifting) (puffs.material as ShaderMaterial).uniforms["time"]!.value = this.time % 1;
    const turning = this.fans.map((fan) => fan.step(seconds)).some(Boolean);
    return turning || drifting.length > 0;
  }
}

/** Soft discs that face the eye and rise slowly. */
function smokeMaterial(colour: number): ShaderMaterial {
  return new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: { time: { value: 0 }, grey: { value: new Color(colour) } },
    vertexShader: /* glsl */ `
      uniform float time;
      varying vec2 place;
      varying float strength;
      void main() {
        place = position.xy;
        float phase = fract(time + float(gl_InstanceID) * 0.37);
        strength = sin(phase * 3.14159);
        vec4 at = viewMatrix * modelMatrix * (instanceMatrix * vec4(0.0, 0.0, 0.0, 1.0) + vec4(0.0, phase * 0.8 - 0.4, 0.0, 0.0));
        gl_Position = projectionMatrix * (at + vec4(position.xy * (0.9 + 0.5 * phase), 0.0, 0.0));
      }
    `,
    fragmentShader: /* glsl */ `
      uniform vec3 grey;
      varying vec2 place;
      varying float strength;
      void main() { gl_FragColor = vec4(grey, 0.42 * strength * (1.0 - smoothstep(0.0, 0.5, length(place)))); }
    `,
  });
}
