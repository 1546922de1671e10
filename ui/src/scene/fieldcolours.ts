/** The materials that draw a field in its colours, and what they share: the words, the legend, the hatch. */

import { Color, DataTexture, NearestFilter, NoBlending, RGBAFormat, ShaderMaterial, UnsignedByteType, Vector3, Vector4, type Texture } from "three";
import { cividis, diverging, STEPS, type ColourScale, type Ramp } from "../twin2d/colour";
import type { FieldTexture } from "./datatexture";
import { CELL_FRAGMENT, CELL_VERTEX, EVERY, SKIN_FRAGMENT, SKIN_VERTEX } from "./fieldshader";

/**
 * Data are drawn after everything that can be seen through, and over it: nothing ever lies between their colours and
 * the eye but what is solid. Hence "transparent" materials that do not blend.
 */
export const DATA_ORDER = 10;
const OVER_ALL = { transparent: true, blending: NoBlending, depthWrite: true } as const;
const PERIOD = 8; // px

/** The ramp's colours as a texture of one row. */
function rampTexture(ramp: Ramp): DataTexture {
  const texture = new DataTexture(new Uint8Array(ramp.pixels.buffer.slice(0)), STEPS, 1, RGBAFormat, UnsignedByteType);
  texture.minFilter = texture.magFilter = NearestFilter;
  texture.needsUpdate = true;
  return texture;
}

export class FieldColours {
  private readonly ramps = new Map([cividis, diverging].map((ramp): [Ramp, DataTexture] => [ramp, rampTexture(ramp)]));
  readonly uniforms: Record<string, { value: unknown }>;

  constructor(readonly field: FieldTexture) {
    this.uniforms = {
      words: { value: field.texture },
      ramp: { value: null },
      rules: { value: field.rules as Vector3[] },
      scale: { value: new Vector3(0, 1, 0) },
      hatch: { value: new Color(0.3, 0.3, 0.3) },
      period: { value: PERIOD },
    };
    this.setScale({ from: 0, to: 1, zero: 0, ramp: diverging });
  }

  /** Every texture that they may ever need, to be sent ahead. */
  get textures(): Texture[] {
    return [this.field.texture, ...this.ramps.values()];
  }

  setScale(scale: ColourScale): void {
    this.uniforms["ramp"]!.value = this.ramps.get(scale.ramp)!;
    (this.uniforms["scale"]!.value as Vector3).set(scale.from, scale.to, scale.zero);
  }

  /** `ratio`: pixels of the canvas for one of the page. */
  setRatio(ratio: number): void {
    this.uniforms["period"]!.value = PERIOD * ratio;
  }

  cells(first: number): ShaderMaterial {
    return new ShaderMaterial({
      ...OVER_ALL,
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
      ...OVER_ALL,
      vertexShader: SKIN_VERTEX,
      fragmentShader: SKIN_FRAGMENT,
      uniforms: {
        ...this.uniforms, first: { value: first }, pack: { value: [rows, length, cells] }, clay: { value: clay },
        plain: { value: new Vector4(0, 0, 0, 0) },
      },
    });
  }

  dispose(): void {
    for (const texture of this.ramps.values()) texture.dispose();
  }
}
