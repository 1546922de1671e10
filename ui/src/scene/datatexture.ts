/**
 * The registers of a field of cells or sensors as an integer texture: red the raw number, green the rule that decodes
 * it and its quality. The shader decodes; nothing is converted on the way to the graphics card.
 */

import { DataTexture, NearestFilter, RGIntegerFormat, UnsignedShortType, Vector3 } from "three";
import { hasValue, Quality } from "../figures/quality";
import { qualitiesOf } from "../figures/reading";
import type { Snapshot } from "../figures/snapshot";
import type { CellField, Model } from "../plant/model";
import { kindOf, unsigned } from "../wire/decode";
import type { PointColumns } from "../wire/schema";

export const WIDE = 128;
export const RULES = 8;
/** Bits of the green channel beside the rule. */
export const SILENT = 8;
export const STALE = 16;

export class FieldTexture {
  readonly texture: DataTexture;
  /** value = raw × rule.x + rule.y, in SI; raw is a two's complement of 16 bits where rule.z is 1. */
  readonly rules = Array.from({ length: RULES }, () => new Vector3(0, 0, 0));
  private readonly data: Uint16Array;
  private readonly rule: Uint8Array;
  private readonly quality: Uint8Array;

  constructor(private readonly model: Model, readonly field: CellField) {
    const count = field.parts.length;
    const rows = Math.max(1, Math.ceil(count / WIDE));
    this.data = new Uint16Array(WIDE * rows * 2);
    this.rule = new Uint8Array(count);
    this.quality = new Uint8Array(count);
    this.texture = new DataTexture(this.data, WIDE, rows, RGIntegerFormat, UnsignedShortType);
    this.texture.internalFormat = "RG16UI";
    this.texture.minFilter = this.texture.magFilter = NearestFilter;
    this.texture.needsUpdate = true;
    this.findRules();
    for (let n = 0; n < count; n++) this.data[2 * n + 1] = SILENT; // nothing was read yet
  }

  /** Scale and offset of each point's rule; points of one device share one. */
  private findRules(): void {
    const p = this.model.schema.points;
    const known: string[] = [];
    this.field.points.forEach((point, n) => {
      if (point < 0) return;
      const factor = p.sign[point]! * p.factor[point]!;
      const scale = 10 ** (p.sf[point] ?? NaN) * factor;
      const signed = kindOf(p.type[point]!) === "int" && p.mask[point] === null ? 1 : 0;
      const key = `${scale}/${p.add[point]! * factor}/${signed}`;
      let at = known.indexOf(key);
      if (at < 0) {
        if (known.length === RULES) throw new Error(`more than ${RULES} ways to decode one field`);
        at = known.push(key) - 1;
        this.rules[at]!.set(scale, p.add[point]! * factor, signed);
      }
      this.rule[n] = at;
    });
  }

  /** Writes the words of a snapshot; true when anything changed. */
  update(shown: Snapshot): boolean {
    const p = this.model.schema.points;
    qualitiesOf(this.model, this.field.points, shown, this.quality);
    let changed = false;
    for (let n = 0; n < this.field.parts.length; n++) {
      const point = this.field.points[n]!;
      const good = point >= 0 && p.offset[point]! >= 0 && shown.states[point] === 0 && hasValue(this.quality[n]!);
      const raw = good ? rawOf(p, point, shown) : 0;
      const green = this.rule[n]! | (!good ? SILENT : this.quality[n] === Quality.Good ? 0 : STALE);
      if (this.data[2 * n] !== raw || this.data[2 * n + 1] !== green) {
        this.data[2 * n] = raw;
        this.data[2 * n + 1] = green;
        changed = true;
      }
    }
    if (changed) this.texture.needsUpdate = true;
    return changed;
  }

  dispose(): void {
    this.texture.dispose();
  }
}

/** The raw number of a point, cut out of its words; the bits of a value of two words that lie above 16 must be 0. */
function rawOf(p: PointColumns, point: number, shown: Snapshot): number {
  const all = unsigned(shown.frame.words, p.offset[point]!, p.words[point]!, p.low_first[point] === 1);
  const mask = p.mask[point];
  return Number(mask === null || mask === undefined ? all : (all & BigInt(mask)) >> BigInt(p.shift[point]!));
}
