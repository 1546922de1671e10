/** One signal: what it measures, what is normal, what hangs on it, what goes wrong; its registers live beside it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { language, t, type Key } from "../i18n";
import { navigate } from "../page/route";
import { api, ApiError } from "../wire/api";
import type { SignalPage as Page, SignalScenario } from "../wire/schema";
import { useAnswer } from "./answer";
import { Carriers } from "./carriers";
import { openSignal, wasOpened } from "./opening";
import { held, pieces } from "./pieces";

const STAKES = ["revenue", "lifetime", "safety"] as const;

export function SignalPage({ metric }: { metric: string }) {
  const { answer, error } = useAnswer(() => api.signal(metric, language.value));
  return (
    <article class="view signal" aria-labelledby="signal-title">
      <p>
        <button type="button" class="switch" onClick={() => navigate({ view: "signals", signal: null, figure: null })}>
          ← {t("signals.all")}
        </button>
      </p>
      {error && (
        <p class="failure" role="alert">
          ✕ {error instanceof ApiError && error.status === 404 ? t("signals.unknown") : <span data-nav>{error.message}</span>}
        </p>
      )}
      {!answer && !error && <p class="waiting">{t("page.loading")}</p>}
      {answer && <Told page={answer} />}
    </article>
  );
}

function Told({ page }: { page: Page }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (wasOpened(page.metric)) heading.current?.focus({ preventScroll: true }); // what opened it is gone
  }, [page.metric]);
  const unit = page.unit === "1" || page.unit === "code" || page.unit === "text" ? "" : page.unit;
  return (
    <>
      <header data-nav>
        <p class="signal-where">
          {page.subsystem} · <code>{page.metric}</code>
          {unit && ` · ${unit}`}
        </p>
        <h1 id="signal-title" ref={heading} tabIndex={-1}>
          {page.title}
        </h1>
      </header>
      <div class="signal-columns">
        <div class="signal-texts" data-nav>
          <Section page={page} name="measures" />
          <Section page={page} name="normal" />
          <div class="signal-stakes">
            {STAKES.map((name) => (
              <Section key={name} page={page} name={name} />
            ))}
          </div>
          <Section page={page} name="wrong" />
          <Scenarios found={page.scenarios} />
          <Facts page={page} />
          <p class="note">{t("signals.reference")}</p>
        </div>
        <aside class="signal-side" aria-label={t("signals.here")}>
          <Carriers key={page.metric} page={page} />
          <Alike page={page} />
        </aside>
      </div>
    </>
  );
}

function Section({ page, name }: { page: Page; name: string }) {
  return (
    <section class={`signal-section signal-${name}`}>
      <h2>{t(`signals.${name}` as Key)}</h2>
      <p>
        {pieces(held(page.texts[name] ?? ""), page.scenarios.map((one) => one.id)).map((piece, i) =>
          typeof piece === "string" ? piece : <Mark key={i} number={piece.number} title={page.scenarios[piece.number - 1]!.title} />,
        )}
      </p>
    </section>
  );
}

function Mark({ number, title }: { number: number; title: string }) {
  const go = () => document.getElementById(`scenario-${number}`)?.scrollIntoView({ block: "nearest" });
  return (
    <button type="button" class="signal-mark" aria-label={`${number}: ${title}`} title={title} onClick={go}>
      {number}
    </button>
  );
}

function Scenarios({ found }: { found: SignalScenario[] }) {
  return (
    <ol class="signal-scenarios" aria-label={t("signals.scenarios")}>
      {found.map((one, i) => (
        <li key={one.id} id={`scenario-${i + 1}`}>
          <span class="signal-number">{i + 1}</span>
          <div>
            <p class="signal-scenario">
              <strong>{one.title}</strong> <code>{one.id}</code>
            </p>
            <p>{held(one.story)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Facts({ page }: { page: Page }) {
  if (page.facts.length === 0) return null;
  return (
    <section class="signal-section">
      <h2>{t("signals.facts")}</h2>
      <ul class="signal-facts">
        {page.facts.map((fact, i) => (
          <li key={i}>
            {held(fact.text)} <cite>{fact.source}</cite>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Metrics of the same page that this plant carries: the other phases, the other pole, the same of the bus. */
function Alike({ page }: { page: Page }) {
  const [all, setAll] = useState(false);
  if (page.alike.length === 0 || !model.value) return null;
  const few = all ? page.alike : page.alike.slice(0, 8);
  return (
    <section class="signal-section signal-others" data-nav>
      <h2>{t("signals.alike")}</h2>
      <ul class="signal-alike">
        {few.map((row) => (
          <li key={row.metric}>
            <button type="button" class="plain" onClick={() => openSignal(row.metric)}>
              {row.title} <code>{row.metric}</code>
            </button>
          </li>
        ))}
      </ul>
      {few.length < page.alike.length && (
        <button type="button" class="switch" onClick={() => setAll(true)}>
          {t("attention.more", { n: page.alike.length - few.length })}
        </button>
      )}
    </section>
  );
}
