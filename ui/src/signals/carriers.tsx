/** The registers of this plant that carry a metric, each with its live value and the way to where it sits. */

import { useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { partTitle, splitId } from "../plant/parts";
import { navigate } from "../page/route";
import type { SignalPage } from "../wire/schema";
import { registers } from "./list";

const FIRST = 6;

export function Carriers({ page }: { page: SignalPage }) {
  const [all, setAll] = useState(false);
  const known = page.registers.filter((id) => model.value?.refs.has(id));
  const shown = all ? known : known.slice(0, FIRST);
  return (
    <section class="signal-section signal-live">
      <h2 data-nav>
        {t("signals.here")} · {registers(page.total)}
      </h2>
      {page.total === 0 && <p class="hatched signal-hole">{t("signals.hole")}</p>}
      <ul class="signal-carriers">
        {shown.map((id) => (
          <li key={id}>
            <Figure id={id} as="line" label={nameOf(id)} />
            {page.levels.length > 0 && (
              <button type="button" class="switch signal-fly" title={t("signals.fly")} aria-label={`${t("signals.fly")}: ${nameOf(id)}`} onClick={() => fly(id, page.levels[0]!)}>
                ↗
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="signal-buttons" data-nav>
        {shown.length < known.length && (
          <button type="button" class="switch" onClick={() => setAll(true)}>
            {t("attention.more", { n: known.length - shown.length })}
          </button>
        )}
        {page.total > FIRST && (
          <button type="button" class="switch" onClick={() => navigate({ view: "registers", find: `metric:${page.metric}`, figure: null })}>
            {t("signals.table")}
          </button>
        )}
      </p>
      <Levels page={page} first={known[0] ?? null} />
    </section>
  );
}

/** The levels that ask for the metric; each opens at its first register. */
function Levels({ page, first }: { page: SignalPage; first: string | null }) {
  const rows = (model.value?.levels ?? []).filter((level) => page.levels.includes(level.id));
  if (rows.length === 0) return null;
  return (
    <p class="signal-buttons" data-nav>
      {rows.map((level) => (
        <button key={level.id} type="button" class="switch" onClick={() => (first ? fly(first, level.id) : navigate({ view: "level", level: level.id, figure: null }))}>
          ↗ {String(level.id).padStart(2, "0")} {level.title}
        </button>
      ))}
    </p>
  );
}

function fly(id: string, level: number): void {
  const { part } = splitId(id);
  navigate({ view: "level", level, figure: id, at: part.includes("/") ? part : null, find: null, signal: null });
}

function nameOf(id: string): string {
  const { part, device } = splitId(id);
  const title = partTitle(part);
  return device ? `${title} (${device})` : title;
}
