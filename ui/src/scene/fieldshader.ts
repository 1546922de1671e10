/**
 * The colour of a cell: raw register word → value → place on the legend → colour, unlit and not tone-mapped, so that a
 * pixel can be read back to its register. Side faces are darker by fixed factors and carry shape only. What is not good
 * wears a pattern of its own: stripes stale, triangles implausible, crosses silent, a grey hatch no register.
 */

import { STEPS } from "../twin2d/colour";
import { Mark, RULES, WIDE } from "./datatexture";
import { FLOOR } from "./placement";

/** Above the number of every cell. */
export const EVERY = 1 << 24;

/** Shade of the sides of a cell: across, and front and back. */
export const SHADE = [0.86, 0.72] as const;

const SHADED = /* glsl */ `side.y > 0.5 ? 1.0 : abs(side.x) > 0.5 ? ${SHADE[0]} : ${SHADE[1]}`;

const DECODE = /* glsl */ `
  uniform highp usampler2D words;
  uniform highp sampler2D ramp;
  uniform vec3 rules[${RULES}];
  uniform vec3 scale; // from, to, zero
  uniform vec3 hatch;
  uniform int first; // of the cells of this container
  uniform float period; // of the patterns, in pixels

  vec3 marked(vec3 colour, int mark) {
    vec2 at = gl_FragCoord.xy / period;
    vec2 tile = fract(at);
    vec3 ink = dot(colour, vec3(0.3, 0.59, 0.11)) > 0.45 ? vec3(0.07) : vec3(0.94);
    bool inked = mark == ${Mark.Stale} ? fract(at.x - at.y) < 0.42
      : mark == ${Mark.Implausible} ? abs(tile.x - 0.5) * 2.0 < 0.95 - tile.y && tile.y > 0.08
      : (mark == ${Mark.Silent} || mark == ${Mark.Lost}) && min(abs(tile.x - tile.y), abs(tile.x + tile.y - 1.0)) < 0.17;
    return inked ? ink : colour;
  }

  vec3 colourOf(int n) {
    uvec2 texel = texelFetch(words, ivec2(n % ${WIDE}, n / ${WIDE}), 0).rg;
    int mark = int(texel.g / ${RULES}u);
    if (mark == ${Mark.Lost}) return marked(hatch, mark);
    if (mark == ${Mark.None}) return hatch * (fract((gl_FragCoord.x + gl_FragCoord.y) / period) < 0.5 ? 1.0 : 0.6);
    vec3 rule = rules[int(texel.g % ${RULES}u)];
    float raw = float(texel.r);
    if (rule.z > 0.5 && raw > 32767.0) raw -= 65536.0;
    float share = clamp((raw * rule.x + rule.y - scale.z - scale.x) / (scale.y - scale.x), 0.0, 1.0);
    return marked(texelFetch(ramp, ivec2(int(share * ${STEPS - 1}.0 + 0.5), 0), 0).rgb, mark);
  }
`;

export const CELL_VERTEX = /* glsl */ `
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

export const CELL_FRAGMENT = /* glsl */ `
  precision highp float;
  precision highp int;
  flat varying int cell;
  varying vec3 side;
  uniform vec4 plain; // a colour instead of the data's where w is 1
  ${DECODE}
  void main() {
    gl_FragColor = vec4((plain.w > 0.5 ? plain.rgb : colourOf(first + cell)) * (${SHADED}), 1.0);
  }
`;

/** A module from afar: its cells drawn as tiles on its top and its front, from the same words. */
export const SKIN_VERTEX = /* glsl */ `
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

export const SKIN_FRAGMENT = /* glsl */ `
  precision highp float;
  precision highp int;
  flat varying int module;
  varying vec3 side;
  varying vec3 place;
  uniform vec4 plain;
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
    float shade = ${SHADED};
    vec2 tile = abs(side.y) > 0.5 ? vec2(place.x * float(pack.x), (1.0 - place.z) * float(pack.y))
      : abs(side.x) > 0.5 ? vec2(place.y, (1.0 - place.z) * float(pack.y)) : vec2(place.x * float(pack.x), place.y);
    vec2 edge = min(fract(tile), 1.0 - fract(tile)) / max(fwidth(tile), vec2(1e-5));
    float line = fwidth(tile.x) < 0.25 && fwidth(tile.y) < 0.25 ? smoothstep(0.0, 1.0, min(edge.x, edge.y)) : 1.0;
    vec3 colour = plain.w > 0.5 || n >= pack.z ? clay : colourOf(first + module * pack.z + n);
    gl_FragColor = vec4(mix(clay * 0.5, colour * shade, line), 1.0);
  }
`;
