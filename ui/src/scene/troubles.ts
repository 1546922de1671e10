/** What is not good on the machine, in words on the very part: one label for each quality, at the largest group of it. */

import { FACES, Quality, RANK } from "../figures/quality";
import { t } from "../i18n";
import type { FieldNow } from "../levels/field";
import { idAt } from "../levels/field";
import { above, partShort } from "../plant/parts";
import type { Label } from "./labels";

const MOST = 3;

/** `kind` says which field the parts are of; `within` keeps to the parts of a path. */
export function troublesOf(now: FieldNow | null, kind: "cell" | "sensor", within: string | null): Label[] {
  if (!now) return [];
  const groups = new Map<number, Map<string, number[]>>();
  now.quality.forEach((quality, n) => {
    const part = now.field.parts[n]!;
    if (quality === Quality.Good || quality === Quality.None || (within && !part.startsWith(`${within}/`))) return;
    const racks = groups.get(quality) ?? new Map<string, number[]>();
    groups.set(quality, racks);
    const rack = above(part, "rack") ?? part;
    const members = racks.get(rack);
    if (members) members.push(n);
    else racks.set(rack, [n]);
  });
  const worst = [...groups].sort(([a], [b]) => RANK[b]! - RANK[a]!);
  return worst.slice(0, MOST).map(([quality, racks]) => {
    const [rack, members] = [...racks].sort((a, b) => b[1].length - a[1].length)[0]!;
    const count = [...racks.values()].reduce((sum, { length }) => sum + length, 0);
    const middle = members[Math.floor(members.length / 2)]!;
    const face = FACES[quality]!;
    const where = members.length === 1 ? now.field.parts[middle]! : rack;
    return {
      id: null, name: null, at: kind === "cell" ? { cell: middle } : { sensor: middle },
      trouble: { text: `${face.mark} ${partShort(where)} · ${t(face.key)}${count > 1 ? ` (${count})` : ""}`, quality: face.name, opens: idAt(now.field, middle) },
    };
  });
}
