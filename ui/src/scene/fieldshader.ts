/**
 * The colour of a cell: raw register word → value → place on the legend → colour, unlit and not tone-mapped, so that a
 * pixel of a top face can be read back to its register. Side faces are darker by fixed factors and carry shape only.
 */

import { Color, DataTexture, NearestFilter, RGBAFormat, ShaderMaterial, UnsignedByteType, Vector2, Vector3, Vector4 } from "three";
import { diverging, STEPS, type ColourScale, type Ramp } from "../twin2d/colour";
import { FLOOR } from "./placement";
import { RULES, SILENT, STALE, WIDE, type FieldTexture } from "./datatexture";

/** Above the number of every cell. */
export const EVERY = 1 << 24;

/** Shade of the sides of a cell: across, and front and back. */
export const SHADE = [0.86, 0.72] as const;

const DECODE = /* glsl */ `
  uniform highp usampler2D words;
  uniform highp sampler2D ramp;
  uniform vec3 rules[${RULES}];
  uniform vec3 scale; // from, to, zero
  uniform vec3 hatch;
  uniform int first; // of the cells of this container
  uniform vec2 ticks; // period of the hatch in pixels, share of ink

  // raw word of cell n, decoded; w < 0: nothing to show, w > 0: stale
  vec2 valueOf(int n) {
    uvec2 texel = texelFetch(words, ivec2(n % ${WIDE}, n / ${WIDE}), 0).rg;
    vec3 rule = rules[int(texel.g & ${RULES - 1}u)];
    float raw = float(texel.r);
    if (rule.z > 0.5 && raw > 32767.0) raw -= 65536.0;
    float mark = (texel.g & ${SILENT}u) != 0u ? -1.0 : (texel.g & ${STALE}u) != 0u ? 1.0 : 0.0;
    return vec2(raw * rule.x + rule.y, mark);
  }

  vec3 colourOf(int n) {
    vec2 value = valueOf(n);
    float stripe = step(ticks.y, fract((gl_FragCoord.x + gl_FragCoord.y) / ticks.x));
    if (value.y < 0.0) return mix(hatch, hatch * 0.6, stripe);
    float share = clamp((value.x - scale.z - scale.x) / (scale.y - scale.x), 0.0, 1.0);
    vec3 colour = texelFetch(ramp, ivec2(int(share * ${STEPS - 1}.0 + 0.5), 0), 0).rgb;
    return value.y > 0.0 ? mix(colour, colour * 0.55, stripe) : colour;
  }
`;

const CELL_VERTEX = /* glsl */ `
  flat varying int cell;
  varying vec3 side;
  uniform float size;
  uniform float apart; // rows of modules drawn apart, from the floor up
  uniform ivec4 kept; // from, below: what is shown; and two that keep their size
  uniform int lifted; // drawn elsewhere
  void main() {
    cell = gl_InstanceID;
    side = normal;
    bool whole = cell == kept.z || cell == kept.w;
    vec4 at = instanceMatrix * vec4(position * (whole ? 1.0 : size), 1.0);
    at.y += apart * (instanceMatrix[3].y - ${FLOOR.toFixed(3)});
    gl_Position = cell < kept.x || cell >= kept.y || cell == lifted ? vec4(2.0, 2.0, 2.0, 1.0) : projectionMatrix * viewMatrix * modelMatrix * at;
  }
`;

const CELL_FRAGMENT = /* glsl */ `
  precision highp float;
  precision highp int;
  flat varying int cell;
  varying vec3 side;
  uniform vec4 plain; // a colour instead of the data's where w is 1
  ${DECODE}
  void main() {
    float shade = side.y > 0.5 ? 1.0 : abs(side.x) > 0.5 ? ${SHADE[0]} : ${SHADE[1]};
    gl_FragColor = vec4((plain.w > 0.5 ? plain.rgb : colourOf(first + cell)) * shade, 1.0);
  }
`;

/** A module from afar: its cells drawn as tiles on its top and its front, from the same words. */
const SKIN_VERTEX = /* glsl */ `
  flat varying int module;
  varying vec3 side;
  varying vec3 place;
  void main() {
    module = gl_InstanceID;
    side = normal;
    place = position + 0.5;
    gl_Position = projectionMatrix * viewMatrix * modelMatrix * instanceMatrix * vec4(position, 1.0);
  }
`;

const SKIN_FRAGMENT = /* glsl */ `
  precision highp float;
  precision highp int;
  flat varying int module;
  varying vec3 side;
  varying vec3 place;
  ${DECODE}
  uniform ivec3 pack; // rows, cells of a row, cells of a module
  uniform vec3 clay;
  void main() {
    // x across the rows, z from the back to the front; the ends show the first and the last cell of each row
    float along = abs(side.z) > 0.5 ? (side.z > 0.0 ? 0.0 : 0.999) : 1.0 - place.z;
    float across = abs(side.x) > 0.5 ? (side.x > 0.0 ? 0.999 : 0.0) : place.x;
    int row = int(clamp(across, 0.0, 0.999) * float(pack.x));
    int step = int(clamp(along, 0.0, 0.999) * float(pack.y));
    int n = row * pack.y + (row % 2 == 0 ? step : pack.y - 1 - step);
    if (n >= pack.z) { gl_FragColor = vec4(clay, 1.0); return; }
    float shade = side.y > 0.5 ? 1.0 : abs(side.x) > 0.5 ? ${SHADE[0]} : ${SHADE[1]};
    vec2 tile = abs(side.y) > 0.5 ? vec2(place.x * float(pack.x), (1.0 - place.z) * float(pack.y))
      : abs(side.x) > 0.5 ? vec2(place.y, (1.0 - place.z) * float(pack.y)) : vec2(place.x * float(pack.x), place.y);
    vec2 edge = min(fract(tile), 1.0 - fract(tile)) / max(fwidth(tile), vec2(1e-5));
    float line = step > -1 && fwidth(tile.x) < 0.25 && fwidth(tile.y) < 0.25 ? smoothstep(0.0, 1.0, min(edge.x, edge.y)) : 1.0;
    gl_FragColor = vec4(mix(clay * 0.5, colourOf(first + module * pack.z + n) * shade, line), 1.0);
  }
`;

/** The ramp's colours as a texture of one row. */
function rampTexture(ramp: Ramp): DataTexture {
  const texture = new DataTexture(new Uint8Array(ramp.pixels.buffer.slice(0)), STEPS, 1, RGBAFormat, UnsignedByteType);
  texture.minFilter = texture.magFilter = NearestFilter;
  texture.needsUpdate = true;
  return texture;
}

/** What both materials share: the field, the legend and the hatch. */
export class FieldColours {
  private readonly ramps = new Map<Ramp, DataTexture>();
  readonly uniforms: Record<string, { value: unknown }>;

  constructor(readonly field: FieldTexture) {
    this.uniforms = {
      words: { value: field.texture },
      ramp: { value: null },
      rules: { value: field.rules as Vector3[] },
      scale: { value: new Vector3(0, 1, 0) },
      hatch: { value: new Color(0.3, 0.3, 0.3) },
      ticks: { value: new Vector2(7, 0.5) },
    };
    this.setScale({ from: 0, to: 1, zero: 0, ramp: diverging });
  }

  setScale(scale: ColourScale): void {
    let texture = this.ramps.get(scale.ramp);
    if (!texture) this.ramps.set(scale.ramp, (texture = rampTexture(scale.ramp)));
    this.uniforms["ramp"]!.value = texture;
    (this.uniforms["scale"]!.value as Vector3).set(scale.from, scale.to, scale.zero);
  }

  cells(first: number): ShaderMaterial {
    return new ShaderMaterial({
      vertexShader: CELL_VERTEX,
      fragmentShader: CELL_FRAGMENT,
      uniforms: {
        ...this.uniforms, size: { value: 1 }, first: { value: first }, apart: { value: 0 },
        kept: { value: new Vector4(0, EVERY, -1, -1) }, lifted: { value: -1 }, plain: { value: new Vector4(0, 0, 0, 0) },
      },
    });
  }

  skin(first: number, rows: number, length: number, cells: number, clay: Color): ShaderMaterial {
    return new ShaderMaterial({
      vertexShader: SKIN_VERTEX,
      fragmentShader: SKIN_FRAGMENT,
      uniforms: { ...this.uniforms, first: { value: first }, pack: { value: [rows, length, cells] }, clay: { value: clay } },
    });
  }

  dispose(): void {
    for (const texture of this.ramps.values()) texture.dispose();
  }
}
