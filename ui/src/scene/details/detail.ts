/** What a level adds to the machine. Each detail is built from the placement, fed by registers and moved by them alone. */

import { Color, LineBasicMaterial, LineSegments, Mesh, MeshLambertMaterial, ShaderMaterial, type Group, type Material } from "three";
import type { Snapshot } from "../../figures/snapshot";
import type { CellField } from "../../plant/model";
import type { ColourScale } from "../../twin2d/colour";
import type { Ray } from "../eye";
import type { Placement } from "../placement";
import type { Solid } from "../solid";
import type { Clay } from "../theme";
import type { Focus } from "../views";
import type { Datum } from "../datum";

/** The value of a metric at a part in SI; null where no register carries it or it has no value now. */
export type Ask = (part: string, metric: string) => number | null;
/** Whether that value speaks of now. What is late or silent moves nothing. */
export type Fresh = (part: string, metric: string) => boolean;
/** Whether any register of the plant carries a metric at a part. */
export type Mapped = (part: string, metric: string) => boolean;

export interface Detail {
  readonly group: Group;
  readonly levels: readonly number[];
  aim?(focus: Focus): void;
  /** Takes new values; true when something looks different now. */
  feed?(ask: Ask, fresh: Fresh): boolean;
  /** Takes what a snapshot says beside values; true when something looks different now. */
  take?(shown: Snapshot): boolean;
  /** Takes the scale of temperatures; true when something looks different now. */
  tint?(warmth: ColourScale | null): boolean;
  /** True while something moves. */
  move?(seconds: number): boolean;
  /** What it draws in a datum's colour, where a ray meets it. */
  meet?(ray: Ray): Datum | null;
}

export interface Making {
  place: Placement;
  clay: Clay;
  mapped: Mapped;
  /** The plant's cells in order, null where no register carries them. */
  cells: CellField | null;
  stuff: { clay: Material; line: Material; hatch: Material };
}

export function stuffOf(clay: Clay): Making["stuff"] {
  return {
    // edges lie on the faces they bound: the faces step back a little
    clay: new MeshLambertMaterial({ vertexColors: true, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 }),
    line: new LineBasicMaterial({ color: clay.edge, transparent: true, opacity: 0.8, depthWrite: false }),
    hatch: hatched(clay),
  };
}

/** A solid and its edges; `material` other than clay marks what no register carries. */
export function drawn(solid: Solid, { clay, line }: Making["stuff"], material: Material = clay): [Mesh, LineSegments] {
  return [new Mesh(solid.geometry(), material), new LineSegments(solid.edges(), line)];
}

/** Stripes in the picture's plane: no register. */
function hatched(clay: Clay): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: { pale: { value: new Color(clay.light) }, deep: { value: new Color(clay.hatch) } },
    vertexShader: /* glsl */ `
      varying vec3 side;
      void main() { side = normal; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }
    `,
    fragmentShader: /* glsl */ `
      uniform vec3 pale;
      uniform vec3 deep;
      varying vec3 side;
      void main() {
        float shade = side.y > 0.5 ? 1.0 : abs(side.x) > 0.5 ? 0.8 : 0.9;
        gl_FragColor = vec4(mix(pale, deep, step(0.5, fract((gl_FragCoord.x + gl_FragCoord.y) / 9.0))) * shade, 1.0);
      }
    `,
  });
}
