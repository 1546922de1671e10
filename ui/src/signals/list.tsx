/** Every signal that has a page, by subsystem, from the grid to safety. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language, t } from "../i18n";
import { api } from "../wire/api";
import type { SignalRow, SubsystemRow } from "../wire/schema";
import { useAnswer } from "./answer";
import { leftFrom, openSignal } from "./opening";

/** What was sought stays: whoever comes back finds the list as it was left. */
const sought = signal("");

export function SignalList() {
  const { answer, error } = useAnswer(() => api.signals(language.value));
  const text = sought.value;
  const found = (answer ?? []).map((one) => ({ ...one, signals: one.signals.filter((row) => matches(one, row, text)) }));
  useEffect(() => {
    const left = answer && leftFrom();
    if (left) document.getElementById(idOf(left))?.focus();
  }, [answer]);
  const shown = found.filter((one) => one.signals.length > 0);
  return (
    <section class="view" aria-labelledby="signals-title">
      <h1 id="signals-title">{t("nav.signals")}</h1>
      <p class="question">{t("signals.question")}</p>
      <div class="toolbar">
        <input
          type="search"
          value={text}
          placeholder={t("signals.filter")}
          aria-label={t("signals.filter")}
          onInput={(event) => (sought.value = event.currentTarget.value)}
        />
      </div>
      {error && (
        <p class="failure" role="alert">
          ✕ <span data-nav>{error.message}</span>
        </p>
      )}
      {!answer && !error && <p class="waiting">{t("page.loading")}</p>}
      {answer && shown.length === 0 && <p class="muted">{t("signals.none")}</p>}
      {shown.map((one) => (
        <section key={one.id} class="group" aria-labelledby={`signals-${one.id}`}>
          <h2 id={`signals-${one.id}`}>{one.title}</h2>
          <ul class="signal-list">
            {one.signals.map((row) => (
              <li key={row.metric}>
                <Row row={row} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

const idOf = (metric: string) => `signal-${metric}`;

function Row({ row }: { row: SignalRow }) {
  return (
    <button type="button" id={idOf(row.metric)} class="signal-row" data-nav onClick={() => openSignal(row.metric)}>
      <span class="signal-title">{row.title}</span>
      <code>{row.metric}</code>
      <span class={row.registers ? "signal-count" : "signal-count signal-absent"}>{registers(row.registers)}</span>
    </button>
  );
}

/** How many registers carry it, in words. */
export function registers(n: number): string {
  if (n === 0) return t("signals.absent");
  return n === 1 ? t("signals.register") : t("signals.registers", { n: n.toLocaleString(language.value === "de" ? "de-DE" : "en-GB") });
}

/** Every word must be in the title, the metric, the subsystem or in a metric that the page speaks for too. */
export function matches(one: SubsystemRow, row: SignalRow, text: string): boolean {
  const all = [one.title, row.title, row.metric, ...row.also].join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
