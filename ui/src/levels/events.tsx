/** Level 14: what happened, newest first, each line with the register that said so. */

import { useState } from "preact/hooks";
import { journal, type Entry, type What } from "../figures/journal";
import { read, symbolText } from "../figures/reading";
import { model } from "../figures/snapshot";
import { writeTime } from "../figures/units";
import { beside } from "../i18n/beside";
import { navigate, openFigure, route } from "../page/route";
import { alarmRegisters } from "../plant/alarms";
import { partTitle } from "../plant/parts";
import "../style/events.css";

const FIRST = 12;

const say = beside({
  en: {
    title: "Events in order of time", since: "Since this page was opened at {time}; the newest first.", none: "Nothing has happened since.", all: "Show all",
    fewer: "Show fewer", found: "already so at the beginning", set: "set", cleared: "cleared", silent: "falls silent", answers: "answers again", opened: "disconnected from its bus",
    closed: "connected again", device: "Device", waiting: "No reading yet.",
  },
  de: {
    title: "Ereignisse in der Reihenfolge der Zeit", since: "Seit diese Seite um {time} geöffnet wurde; das neueste zuerst.", none: "Seitdem ist nichts geschehen.", all: "Alle zeigen",
    fewer: "Weniger zeigen", found: "schon zu Beginn so", set: "gesetzt", cleared: "gelöscht", silent: "verstummt", answers: "antwortet wieder", opened: "von seinem Bus getrennt",
    closed: "wieder verbunden", device: "Gerät", waiting: "Noch kein Messwert.",
  },
});

const SIGNS: Record<What, string> = { set: "▲", cleared: "△", silent: "✕", answers: "●", opened: "⊘", closed: "●" };

export function Events() {
  const { since, entries } = journal.value;
  const [all, setAll] = useState(false);
  const newest = [...entries].reverse();
  const shown = all ? newest : newest.slice(0, FIRST);
  return (
    <section class="picture events" aria-label={say("title")}>
      <h2>{say("title")}</h2>
      <p class="note" data-age>
        {since === null ? say("waiting") : `${say("since", { time: writeTime(since).slice(0, 8) })} ${entries.length ? "" : say("none")}`}
      </p>
      {shown.length > 0 && (
        <ol class="event-list">
          {shown.map((entry) => (
            <li key={`${entry.ms} ${entry.what} ${entry.id} ${entry.value}`}>
              <Line entry={entry} />
            </li>
          ))}
        </ol>
      )}
      {newest.length > FIRST && (
        <button type="button" class="switch" aria-expanded={all} onClick={() => setAll(!all)}>
          {say(all ? "fewer" : "all")}
        </button>
      )}
    </section>
  );
}

function Line({ entry }: { entry: Entry }) {
  const of = model.value!;
  const device = of.schema.devices.find((row) => row.id === entry.id);
  const reading = device ? null : read(entry.id);
  const where = device ? `${say("device")} ${device.label || device.id}` : partTitle(reading!.part);
  const go = () => (device ? navigate({ view: "devices", figure: null }) : openFigure(entry.id));
  return (
    <button type="button" class={`event event-${entry.what}`} data-nav onClick={go} aria-pressed={device ? undefined : route.value.figure === entry.id}>
      <time class="event-time" dateTime={new Date(entry.ms).toISOString()}>
        {writeTime(entry.ms)}
      </time>
      <span class="event-mark">
        <span aria-hidden="true">{SIGNS[entry.what]}</span> {say(entry.what)}
      </span>
      <span class="event-what">
        <strong>{where}</strong> {device ? "" : whatOf(entry)}
      </span>
      <span class="event-from">
        {entry.found ? `${say("found")} · ` : ""}
        {reading?.register ?? ""}
      </span>
    </button>
  );
}

/** The names of the bits that changed, else what the register is called. */
function whatOf({ id, value }: Entry): string {
  const of = model.value!;
  const { label } = read(id);
  const register = alarmRegisters(of).find((one) => one.id === id);
  if (!register || value === null) return label;
  const symbols = of.schema.points.symbols[register.point] ?? [];
  if (register.as === "bits") {
    const named = symbols.filter((symbol) => (BigInt(value) >> BigInt(symbol.value)) & 1n).map(symbolText);
    return named.length ? named.join(", ") : label;
  }
  const said = symbols.find((symbol) => symbol.value === value);
  return said && register.as === "code" ? `${label}: ${symbolText(said)}` : label;
}
