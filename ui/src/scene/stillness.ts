/** What stands still because nobody knows whether it still moves, and what is coloured by a value of the past: said on the very part. */

import { mix, type Point } from "../flight/pose";
import { faceOf, hasValue, isFresh } from "../figures/quality";
import { read } from "../figures/reading";
import { t } from "../i18n";
import { beside } from "../i18n/beside";
import { find, type Model } from "../plant/model";
import { partShort } from "../plant/parts";
import { igbtAt } from "./details/converter";
import { pipes } from "./details/coolant";
import { speedClass } from "./flow";
import type { Label } from "./labels";
import { dcWay, gridWay, railWay } from "./machine";
import type { Placement } from "./placement";
import type { Focus } from "./views";

const say = beside({ en: { still: "arrows stand still" }, de: { still: "Pfeile stehen still" } });

/** A register that moves or colours something on a level; `rated` is what its arrows' speed is a share of. */
type Driven = [part: string | null | undefined, metrics: string[], at: Point | undefined, rated: number | null];

/** The first of a level's driving registers whose value is old. */
export function stillOf(of: Model, place: Placement, level: number, focus: Focus): Label[] {
  for (const [part, metrics, at, rated] of drivenOn(of, place, level, focus)) {
    const id = part ? metrics.map((metric) => find(of, part, metric)).find((found) => found !== null) : null;
    if (!id || !at) continue;
    const { quality, value } = read(id);
    if (isFresh(quality) || !hasValue(quality) || value === null) continue;
    const face = faceOf(quality);
    const arrows = rated !== null && speedClass(value / rated) !== 0 ? ` · ${say("still")}` : "";
    return [{ id: null, name: null, at, trouble: { text: [face.mark, partShort(part!), "·", t(face.key)].filter(Boolean).join(" ") + arrows, quality: face.name, opens: id } }];
  }
  return [];
}

function drivenOn(of: Model, place: Placement, level: number, focus: Focus): Driven[] {
  const power = of.plant.power_w;
  const each = power === null ? null : power / Math.max(1, place.pcs.length);
  const pcs = place.pcs[focus.pcs];
  const container = place.containers[focus.container];
  switch (level) {
    case 1:
    case 13: {
      const [start, corner] = gridWay(place) as [Point, Point];
      return [["meter", ["active_power"], mix(start, corner, level === 1 ? 0.7 : 0.35), power]];
    }
    case 2:
    case 12:
      return place.pcs.map((box): Driven => [box.part, ["active_power"], railWay(place, box)[0], each]);
    case 5:
      if (!container) return [];
      return [[container.cooling.part, ["coolant_flow"], mix(pipes(container).supply[0]!, pipes(container).supply[1]!, 0.7), 1e-9]];
    case 10:
      return pcs ? [[pcs.part, ["igbt_temperature_1", "igbt_temperature"], igbtAt(pcs, 4), null]] : [];
    case 11:
      return pcs ? [[pcs.part, ["dc_power", "active_power"], dcWay(place, pcs)[1], each]] : [];
    default:
      return [];
  }
}
