/** Level 14: what watches over the plant, what it says, and what has no register at all. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t, type Key } from "../i18n";
import { findAll, partsOf, type Model } from "../plant/model";
import { partShort, partTitle, splitId } from "../plant/parts";
import { Events } from "./events";
import { Lamps } from "./lamps";

interface Duty {
  key: Key;
  /** Kinds of part and metrics that answer it; a duty without any of them has no register. */
  by: [kind: string, metric: string][];
}

const DUTIES: Duty[] = [
  { key: "safety.smoke", by: [["smoke", "alarm_level"], ["smoke", "obscuration"], ["smoke", "faults"]] },
  { key: "safety.fire", by: [["smoke", "relays"], ["rack", "fire_alarm_low"], ["rack", "fire_alarm_high"]] },
  { key: "safety.heat", by: [["container", "heat_alarm"]] },
  { key: "safety.co", by: [["container", "co_concentration"]] },
  { key: "safety.h2", by: [["container", "h2_concentration"]] },
  { key: "safety.fans", by: [["container", "exhaust_fan_speed_1"], ["container", "exhaust_fan_speed_2"]] },
  { key: "safety.leak", by: [["leak", "status"], ["leak", "distance"], ["leak", "current"], ["cooling", "leak_flags"]] },
  { key: "safety.insulation", by: [["bus", "insulation_positive"], ["bus", "insulation_negative"], ["rack", "insulation_positive"], ["rack", "insulation_negative"]] },
  { key: "safety.estop", by: [["pcs", "state_estop"]] },
  { key: "safety.door", by: [["container", "door"]] },
  { key: "safety.extinguisher", by: [["container", "extinguisher_pressure"]] },
];

export function Safety() {
  const of = model.value!;
  return (
    <>
      <Events />
      <section class="picture safety" aria-label={t("safety.title")}>
        {DUTIES.map((duty) => (
          <DutyRow key={duty.key} duty={duty} of={of} />
        ))}
      </section>
    </>
  );
}

const MANY = 4;

function DutyRow({ duty, of }: { duty: Duty; of: Model }) {
  const ids = duty.by.flatMap(([kind, metric]) => partsOf(of, kind).flatMap((part) => findAll(of, part, metric)));
  const codes = ids.filter((id) => read(id).unit === "code");
  const values = ids.filter((id) => read(id).unit !== "code");
  return (
    <div class={`duty${ids.length ? "" : " hatched"}`}>
      <h2>{t(duty.key)}</h2>
      {ids.length === 0 && <p class="muted">{t("figure.no_register")}</p>}
      <div class="duty-body">
        {codes.length > MANY ? <Strip ids={codes} /> : codes.map((id) => <Lamps key={id} id={id} label={named(id)} />)}
        {values.length > MANY ? <Strip ids={values} /> : values.map((id) => <Figure key={id} id={id} as="line" label={named(id)} />)}
      </div>
    </div>
  );
}

function named(id: string): string {
  return `${partTitle(splitId(id).part)} · ${read(id).label}`;
}

/** The same figure of many parts in little room. */
function Strip({ ids }: { ids: string[] }) {
  return (
    <div class="strip">
      {ids.map((id) => (
        <Figure key={id} id={id} as="line" label={`${partShort(splitId(id).part)} · ${read(id).label}`} />
      ))}
    </div>
  );
}
