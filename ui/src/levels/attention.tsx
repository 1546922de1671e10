/** What needs somebody on this level, before anything else: silent devices, alarms by name, implausible cells, open racks. */

import { useState } from "preact/hooks";
import { Age, Figure, Mark } from "../figures/figure";
import { faceOf, Quality } from "../figures/quality";
import { qualitiesOf, read } from "../figures/reading";
import { model, snapshot } from "../figures/snapshot";
import { OPEN_LEVELS, trouble, type SilentDevice } from "../figures/trouble";
import { t } from "../i18n";
import { navigate, openFigure, route } from "../page/route";
import { alarmRegisters, type AlarmRegister } from "../plant/alarms";
import type { CellField, Model } from "../plant/model";
import { partTitle, splitId } from "../plant/parts";
import { idAt } from "./field";

const FEW = 6;
const FIELDS: Record<number, "cells" | "sensors"> = { 4: "cells", 7: "cells", 8: "cells", 9: "sensors" };

export function Attention({ level }: { level: number }) {
  const of = model.value!;
  const now = trouble.value;
  const silent = now.silent.filter((device) => device.levels.has(level));
  const set = now.set.filter((register) => register.levels.includes(level)).sort((a, b) => b.grade - a.grade);
  const open = OPEN_LEVELS.includes(level) ? now.open : [];
  const field = FIELDS[level] ? of[FIELDS[level]] : null;
  const odd = field ? implausible(of, field) : [];
  const watched = alarmRegisters(of).filter((register) => register.levels.includes(level));
  if (silent.length + set.length + open.length + odd.length === 0) return <Calm watched={watched} />;
  return (
    <section class="attention" aria-label={t("attention.title")}>
      <Some items={set} row={(register) => <AlarmRow key={register.id} register={register} />} />
      <Some items={silent} row={(device) => <SilentRow key={device.id} device={device} />} />
      <Some items={open} row={(id) => <OpenRow key={id} id={id} />} />
      <Some items={odd} row={(id) => <OddRow key={id} id={id} />} />
    </section>
  );
}

/** The first few of a list, the rest on demand. */
function Some<T>({ items, row }: { items: T[]; row(item: T): preact.ComponentChild }) {
  const [all, setAll] = useState(false);
  return (
    <>
      {(all ? items : items.slice(0, FEW)).map(row)}
      {items.length > FEW && (
        <button type="button" class="switch attention-more" onClick={() => setAll(!all)} aria-expanded={all} data-nav>
          {all ? t("inspector.fewer") : t("attention.more", { n: items.length - FEW })}
        </button>
      )}
    </>
  );
}

/** Nothing is set: which registers say so can be looked up. */
function Calm({ watched }: { watched: AlarmRegister[] }) {
  const [shown, setShown] = useState(false);
  if (watched.length === 0 || !snapshot.value) return null;
  const known = watched.every((register) => read(register.id).quality === Quality.Good || read(register.id).quality === Quality.NotImplemented);
  if (!known) return null;
  return (
    <details class="calm" onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        {t("attention.none")}
      </summary>
      {shown && (
        <div class="calm-list">
          {watched.map((register) => (
            <Figure key={register.id} id={register.id} as="line" label={`${partTitle(splitId(register.id).part)} · ${read(register.id).label}`} />
          ))}
        </div>
      )}
    </details>
  );
}

/** One alarm register that is set: where, what by name, and the register that says so. */
function AlarmRow({ register }: { register: AlarmRegister }) {
  const reading = read(register.id);
  const said = register.as === "bit" ? reading.label : reading.shownUnit;
  return (
    <button
      type="button"
      class="attention-row attention-alarm"
      data-figure={register.id}
      data-quality={faceOf(reading.quality).name}
      data-value={reading.value ?? undefined}
      data-unit={reading.unit}
      data-alarm
      aria-pressed={route.value.figure === register.id}
      onClick={() => openFigure(register.id)}
    >
      <span class="attention-mark">
        <span aria-hidden="true">▲</span> {t("attention.alarm")}
      </span>
      <span class="attention-what">
        <strong>{partTitle(reading.part)}</strong> {said || reading.label}
      </span>
      <span class="attention-from">
        {reading.label} · <span class="figure-number">{reading.shown}</span> · {reading.register} <Mark quality={reading.quality} quiet={reading.quality === Quality.Good} text={reading.quality !== Quality.Good} />{" "}
        <Age seconds={reading.ageS} />
      </span>
    </button>
  );
}

function SilentRow({ device }: { device: SilentDevice }) {
  return (
    <button type="button" class="attention-row attention-silent" onClick={() => navigate({ view: "devices", figure: null })} title={t("header.devices")}>
      <span class="attention-mark">
        <span aria-hidden="true">{device.state === "stale" ? "◐" : "✕"}</span> {t(`attention.${device.state}`)}
      </span>
      <span class="attention-what" data-nav>
        <strong>{device.label}</strong> {t(device.ageS === null ? "attention.never" : device.state === "partly" ? "attention.in_part" : "attention.last_values")}
      </span>
      <span class="attention-from" data-nav>
        {device.ageS !== null && (
          <>
            {t("attention.last_answer")} <Age seconds={device.ageS} />{" "}
          </>
        )}
        {device.error}
      </span>
    </button>
  );
}

function OpenRow({ id }: { id: string }) {
  const reading = read(id);
  return (
    <div class="attention-row attention-open">
      <span class="attention-mark">
        <span aria-hidden="true">⊘</span> {t("attention.open")}
      </span>
      <span class="attention-what" data-nav>
        <strong>{partTitle(reading.part)}</strong> {t("attention.disconnected")}
      </span>
      <span class="attention-from">
        <Figure id={id} as="line" />
      </span>
    </div>
  );
}

function OddRow({ id }: { id: string }) {
  const reading = read(id);
  return (
    <div class="attention-row attention-odd">
      <span class="attention-mark">
        <span aria-hidden="true">△</span> {t("quality.implausible")}
      </span>
      <span class="attention-what" data-nav>
        <strong>{partTitle(reading.part)}</strong> {t("attention.left_out")}
      </span>
      <span class="attention-from">
        <Figure id={id} as="line" label={reading.label} />
      </span>
    </div>
  );
}

/** Ids of the cells or sensors that say what cannot be. */
function implausible(of: Model, field: CellField): string[] {
  const qualities = new Uint8Array(field.points.length);
  qualitiesOf(of, field.points, snapshot.value, qualities);
  const found: string[] = [];
  qualities.forEach((quality, i) => {
    const id = quality === Quality.Implausible ? idAt(field, i) : null;
    if (id) found.push(id);
  });
  return found;
}
