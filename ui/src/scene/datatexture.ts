/**
 * The registers of a field of cells or sensors as an integer texture: red the raw number, green the rule that decodes
 * it and the mark of its quality. The shader decodes; nothing is converted on the way to the graphics card.
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

/** What a cell's pattern says beside its colour; the number stands above the rule in the green channel. */
export const enum Mark {
  Good = 0,
  Stale = 1,
  Implausible = 2,
  Silent = 3,
  /** No colour at all: no register, or no value in it. */
  None = 4,
  /** No colour either: it never answered. */
  Lost = 5,
}

/** The mark of a quality; `read` says whether there ever was an answer. */
export function markOf(quality: number, read: boolean): Mark {
  if (!read) return quality === Quality.NoAnswer || quality === Quality.Exception ? Mark.Lost : Mark.None;
  if (quality === Quality.Good) return Mark.Good;
  if (quality === Quality.Stale) return Mark.Stale;
  if (quality === Quality.Implausible) return Mark.Implausible;
  return hasValue(quality) ? Mark.Silent : Mark.None;
}

export class FieldTexture {
  readonly texture: DataTexture;
  /** value = raw × rule.x + rule.y, in SI; raw is a two's complement of 16 bits where rule.z is 1. */
  readonly rules = Array.from({ length: RULES }, () => new Vector3(0, 0, 0));
  private readonly data: Uint16Array;
  private readonly rule: Uint8Array;
  private readonly quality: Uint8Array;
  /** Where the only word of a point without a mask lies; -1 for the others. */
  private readonly plain: Int32Array;

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
    const p = model.schema.points;
    this.plain = Int32Array.from(field.points, (point) => (point >= 0 && p.words[point] === 1 && p.mask[point] === null ? p.offset[point]! : -1));
    for (let n = 0; n < count; n++) this.data[2 * n + 1] = Mark.None * RULES; // nothing was read yet
  }

  /** Scale and offset of each point's rule; points of one device share one. */
  private findRules(): void {
    const p = this.model.schema.points;
    const known = new Map<string, number>();
    this.field.points.forEach((point, n) => {
      if (point < 0) return;
      const factor = p.sign[point]! * p.factor[point]!;
      const scale = 10 ** (p.sf[point] ?? NaN) * factor;
      const signed = kindOf(p.type[point]!) === "int" && p.mask[point] === null ? 1 : 0;
      const key = `${scale}/${p.add[point]! * factor}/${signed}`;
      let at = known.get(key);
      if (at === undefined) {
        if (known.size === RULES) throw new Error(`more than ${RULES} ways to decode one field`);
        known.set(key, (at = known.size));
        this.rules[at]!.set(scale, p.add[point]! * factor, signed);
      }
      this.rule[n] = at;
    });
  }

  /** Writes the words of a snapshot; true when anything changed. */
  update(shown: Snapshot): boolean {
    const p = this.model.schema.points;
    const { words, blockMs } = shown.frame;
    const { data, plain, quality } = this;
    qualitiesOf(this.model, this.field.points, shown, quality);
    let changed = false;
    for (let n = 0; n < plain.length; n++) {
      const point = this.field.points[n]!;
      const known = point >= 0 && p.offset[point]! >= 0 && p.block[point]! >= 0;
      let mark = markOf(quality[n]!, known && blockMs[p.block[point]!]! > 0);
      if (mark < Mark.None && shown.states[point] !== 0) mark = Mark.None;
      const raw = mark >= Mark.None ? 0 : plain[n]! >= 0 ? words[plain[n]!]! : rawOf(p, point, shown);
      const green = this.rule[n]! + RULES * mark;
      if (data[2 * n] !== raw || data[2 * n + 1] !== green) {
        data[2 * n] = raw;
        data[2 * n + 1] = green;
        changed = true;
      }
    }
    if (changed) this.texture.needsUpdate = true;
    return changed;
  }

  /** The mark that a part of the field carries now. */
  mark(n: number): Mark {
    return (this.data[2 * n + 1]! / RULES) | 0;
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
