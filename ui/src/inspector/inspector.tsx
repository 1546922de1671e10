/** The passport of one figure: where it comes from, down to the bytes, and how to read it again with a foreign tool. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Age, Mark } from "../figures/figure";
import { read } from "../figures/reading";
import { paused } from "../figures/snapshot";
import { language, t } from "../i18n";
import { vendor } from "../i18n/vendor";
import { partTitle } from "../plant/parts";
import { Learn } from "../signals/learn";
import { lazy } from "../page/lazy";
import { closeFigure, route } from "../page/route";
import { api, ApiError } from "../wire/api";
import type { Passport } from "../wire/schema";
import { Commands } from "./commands";
import { Copy } from "./copy";
import { Formula } from "./formula";
import { Register } from "./register";
import { TrendPane } from "./trendpane";

const REFRESH_MS = 2000;
const Trends = lazy(async () => (await import("../history/trends")).Trends, () => null);

export function Inspector({ id }: { id: string }) {
  const { passport, error } = usePassport(id);
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    heading.current?.focus({ preventScroll: true });
    return () => before?.isConnected && before.focus({ preventScroll: true });
  }, []);
  useEffect(() => panel.current?.scrollTo(0, 0), [id]);
  const reading = read(id);
  const known = passport?.id === id ? passport : null;
  return (
    <aside class="inspector" ref={panel} data-passport={id} aria-labelledby="inspector-title">
      <header class="inspector-head">
        <div>
          <p class="inspector-part">{partTitle(reading.part)}</p>
          <h2 id="inspector-title" ref={heading} tabIndex={-1}>
            {known?.label ?? reading.label}
          </h2>
        </div>
        <button type="button" class="close" onClick={closeFigure} aria-label={t("inspector.close")} title={t("inspector.close")}>
          ✕
        </button>
      </header>
      <p class="inspector-value">
        <span class="figure-number">{reading.shown}</span> <span class="figure-unit">{reading.shownUnit}</span>
      </p>
      <p class="inspector-quality">
        <Mark quality={reading.quality} text /> <Age seconds={reading.ageS} />
        {reading.modelled && <span class="tag tag-model">{t("figure.model")}</span>}
        {reading.derived && <span class="tag">{t("figure.derived")}</span>}
      </p>
      <p class="inspector-id">
        <code>{id}</code> <Copy text={id} label={t("inspector.copy_id")} />
      </p>
      <Learn id={id} />
      {known?.quality_note && <p class="note">{known.quality_note}</p>}
      {error && <p class="failure">✕ {error}</p>}
      {!known && !error && <p class="muted">{t("page.loading")}</p>}
      {known?.reading?.suspect && (
        <p class="suspect" role="note">
          <strong>△ {t("figure.suspect")}</strong> {vendor(known.reading.suspect)}
        </p>
      )}
      {known?.reading && <Register passport={known} reading={known.reading} />}
      {known?.derived && <Formula derived={known.derived} />}
      {known && <TrendPane passport={known} />}
      {known && <Trends id={id} unit={known.unit} />}
      {known?.reading && <Commands commands={known.reading.commands} />}
    </aside>
  );
}

/** The passport of an id, asked again every two seconds while the page is not held; of a past moment where it shows one. */
function usePassport(id: string): { passport: Passport | null; error: string | null } {
  const [passport, setPassport] = useState<Passport | null>(null);
  const [error, setError] = useState<string | null>(null);
  const speaks = language.value;
  const stopped = paused.value;
  const at = route.value.time;
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const answer = await api.passport(id, speaks, stopped ? at : null);
        if (over) return;
        setPassport(answer);
        setError(null);
      } catch (reason) {
        if (over) return;
        setError(reason instanceof ApiError && reason.status === 404 ? t("inspector.unknown") : String((reason as Error).message));
      }
      if (!stopped) timer = setTimeout(() => void ask(), REFRESH_MS);
    };
    setError(null);
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [id, speaks, stopped, at]);
  return { passport, error };
}
