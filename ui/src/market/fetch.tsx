/** FCR prices, fetched by this server when the reader presses the button: into its memory, with progress and credit. */

import { useEffect, useState } from "preact/hooks";
import { beside } from "../i18n/beside";
import { market, type Fetched, type Span } from "./answers";
import { take } from "./fetched";
import { span } from "./state";
import { day } from "./write";

const LOOK_MS = 400;

const say = beside({
  en: {
    button: "Fetch from regelleistung.net, {first} – {last}",
    running: "Fetching {first} – {last}: {done} of {total} months",
    terms: "All rights are reserved there: they stay in this server's memory until it ends and are stored nowhere.",
    source: "Source: {source}",
  },
  de: {
    button: "Von regelleistung.net holen, {first} – {last}",
    running: "{first} – {last} werden geholt: {done} von {total} Monaten",
    terms: "Alle Rechte liegen dort: Sie bleiben im Speicher dieses Servers, bis er endet, und werden nirgends abgelegt.",
    source: "Quelle: {source}",
  },
});

const written = (of: Span) => ({ first: day(of.first), last: day(of.last) });

export function FetchFcr() {
  const [now, setNow] = useState<Fetched | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [running, setRunning] = useState(false);
  const days = span.value;
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => void market.fetching("fcr").then(setNow, () => undefined), LOOK_MS);
    return () => clearInterval(timer);
  }, [running]);
  if (!days) return null;
  const go = async () => {
    setRunning(true);
    setWrong(null);
    setNow(null);
    try {
      const found = await market.fetch("fcr", days);
      setNow(found);
      take(found);
    } catch (reason) {
      setWrong((reason as Error).message);
    } finally {
      setRunning(false);
    }
  };
  return (
    <div class="market-fetch" data-fetch={running ? "running" : wrong ? "failed" : (now?.state ?? "idle")}>
      <button type="button" class="switch" disabled={running} onClick={() => void go()}>
        {say("button", written(days))}
      </button>
      {running && (
        <p role="status">
          <progress max={now?.total || 1} value={now?.state === "running" ? now.done : 0} />{" "}
          {now?.state === "running" && say("running", { ...written(now), done: now.done, total: now.total })}
        </p>
      )}
      {wrong && (
        <p class="failure" role="alert">
          ✕ {wrong}
        </p>
      )}
      {now?.state === "done" && <p class="market-source">{say("source", { source: now.attribution })}</p>}
      <p class="muted">{say("terms")}</p>
    </div>
  );
}
