/** What is not good on the machine, in words on the very part: one label for each quality, at the largest group of it. */

import { FACES, Quality, RANK } from "../figures/quality";
import { t } from "../i18n";
import { idAt, type FieldNow } from "../levels/field";
import { partShort } from "../plant/parts";
import type { Label } from "./labels";

const MOST = 3;

interface Group {
  count: number;
  /** Rack with most of them, and those. */
  rack: number;
  members: number[];
}

/** `kind` says which field the parts are of; `within` keeps to a container or a module, by its path. */
export function troublesOf(now: FieldNow | null, kind: "cell" | "sensor", within: string | null): Label[] {
  if (!now) return [];
  const { field, quality } = now;
  const groups = new Map<number, Group>();
  field.rackParts.forEach((path, rack) => {
    const inside = !within || path.startsWith(`${within}/`);
    if (!inside && !within.startsWith(`${path}/`)) return;
    const found = new Map<number, number[]>();
    const size = field.modules * field.each;
    for (let n = rack * size; n < (rack + 1) * size; n++) {
      const worth = quality[n]!;
      if (worth === Quality.Good || worth === Quality.None || !(inside || field.parts[n]!.startsWith(`${within}/`))) continue;
      const members = found.get(worth);
      if (members) members.push(n);
      else found.set(worth, [n]);
    }
    for (const [worth, members] of found) {
      const group = groups.get(worth);
      if (!group) groups.set(worth, { count: members.length, rack, members });
      else {
        group.count += members.length;
        if (members.length > group.members.length) Object.assign(group, { rack, members });
      }
    }
  });
  const worst = [...groups].sort(([a], [b]) => RANK[b]! - RANK[a]!).slice(0, MOST);
  return worst.map(([worth, { count, rack, members }]) => {
    const middle = members[Math.floor(members.length / 2)]!;
    const face = FACES[worth]!;
    const where = members.length === 1 ? field.parts[middle]! : field.rackParts[rack]!;
    return {
      id: null, name: null, at: kind === "cell" ? { cell: middle } : { sensor: middle },
      trouble: { text: `${face.mark} ${partShort(where)} · ${t(face.key)}${count > 1 ? ` (${count})` : ""}`, quality: face.name, opens: idAt(field, middle) },
    };
  });
}
