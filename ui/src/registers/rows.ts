/** Which points the register table shows, and in which order. */

import { pointAge, pointQuality } from "../figures/reading";
import type { Snapshot } from "../figures/snapshot";
import type { Model } from "../plant/model";

export type SortKey = "device" | "fc" | "address" | "name" | "type" | "raw" | "value" | "age" | "quality";

export interface Wanted {
  text: string;
  device: string;
  quality: number | null;
  suspect: boolean;
  sort: SortKey;
  descending: boolean;
}

/** Indices of the points that match, sorted. Words of the text must all be found; `device:bcu04` names a device, `metric:cell.voltage` a metric. */
export function rowsOf(of: Model, shown: Snapshot | null, wanted: Wanted): Int32Array {
  const p = of.schema.points;
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept: number[] = [];
  for (let i = 0; i < p.id.length; i++) {
    const device = of.schema.devices[p.device[i]!]!.id;
    if (wanted.device && device !== wanted.device) continue;
    if (wanted.suspect && !p.suspect[i]) continue;
    if (wanted.quality !== null && pointQuality(of, i, shown).quality !== wanted.quality) continue;
    if (words.every((word) => matches(of, i, device, word))) kept.push(i);
  }
  return Int32Array.from(sorted(of, shown, kept, wanted));
}

function matches(of: Model, i: number, device: string, word: string): boolean {
  const p = of.schema.points;
  if (word.startsWith("device:")) return device === word.slice(7);
  if (word.startsWith("metric:")) return p.metric[i] === word.slice(7);
  if (/^\d+$/.test(word) && Number(word) === p.address[i]) return true;
  if (/^0x[0-9a-f]+$/.test(word) && parseInt(word, 16) === p.address[i]) return true;
  return (
    p.id[i]!.toLowerCase().includes(word) ||
    p.name[i]!.toLowerCase().includes(word) ||
    (p.label[i] ?? "").toLowerCase().includes(word) ||
    p.type[i] === word ||
    device === word
  );
}

function sorted(of: Model, shown: Snapshot | null, kept: number[], { sort, descending }: Wanted): number[] {
  const p = of.schema.points;
  const by: Record<SortKey, (i: number) => number | string> = {
    device: (i) => p.device[i]!,
    fc: (i) => p.fc[i]!,
    address: (i) => p.address[i]!,
    name: (i) => p.id[i]!,
    type: (i) => p.type[i]!,
    raw: (i) => (shown && p.offset[i]! >= 0 ? shown.frame.words[p.offset[i]!]! : -1),
    value: (i) => (shown && shown.states[i] === 0 ? shown.values[i]! : -Infinity),
    age: (i) => pointAge(of, i, shown) ?? Infinity,
    quality: (i) => pointQuality(of, i, shown).quality,
  };
  const keys = new Map(kept.map((i) => [i, by[sort](i)]));
  const way = descending ? -1 : 1;
  return kept.sort((a, b) => {
    const [x, y] = [keys.get(a)!, keys.get(b)!];
    return way * (x < y ? -1 : x > y ? 1 : 0) || p.device[a]! - p.device[b]! || p.fc[a]! - p.fc[b]! || p.address[a]! - p.address[b]!;
  });
}

/** The words of a point as hex, null where the image does not carry it. */
export function rawHex(of: Model, shown: Snapshot | null, i: number, most = 4): string | null {
  const at = of.schema.points.offset[i]!;
  if (!shown || at < 0 || pointAge(of, i, shown) === null) return null;
  const count = of.schema.points.words[i]!;
  const words = Array.from(shown.frame.words.slice(at, at + Math.min(count, most)), (word) => word.toString(16).toUpperCase().padStart(4, "0"));
  return words.join(" ") + (count > most ? " …" : "");
}
