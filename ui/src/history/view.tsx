/** The past as a view of its own: figures compared over time, a rack's cells over time, and what happened. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { navigate, route } from "../page/route";
import { past, type Span } from "./api";
import { Compare, MOST } from "./compare";
import { Happened } from "./happened";
import { HeatMap } from "./heatmap";
import { marksIn, type Mark } from "./marks";
import { MINUTE, SPANS, windowOf, writeWindow, zoomed, type SpanName } from "./spans";
import { say } from "./texts";
import "./history.css";

const SPAN_MS = 5000;
const LATE_MS = 2 * MINUTE;

export function Past() {
  const { with: chosen, span: wanted, time, at, figure } = route.value;
  const [span, setSpan] = useState<Span | null>(null);
  const [marks, setMarks] = useState<Mark[]>([]);
  const [error, setError] = useState<string | null>(null);
  const speaks = language.value;
  useEffect(() => {
    let over = false;
    const ask = () =>
      void past.span().then(
        (found) => over || setSpan(found),
        (reason: Error) => over || setError(reason.message),
      );
    ask();
    const timer = setInterval(ask, SPAN_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, []);
  const kept = span !== null && span.end_ms !== null;
  const first = span?.start_ms ?? 0;
  const last = span?.end_ms ?? 0;
  const grows = Date.now() - last < LATE_MS;
  // a span with a name follows the moment that is shown, else the record's end, which moves on step by step
  const end = time ?? (grows ? Math.floor(last / SPAN_MS) * SPAN_MS : last);
  const window = windowOf(wanted, end);
  useEffect(() => {
    if (!kept) return undefined;
    let over = false;
    marksIn(window.from, window.to, speaks).then(
      (found) => over || setMarks(found),
      (reason: Error) => over || setError(reason.message),
    );
    return () => void (over = true);
  }, [window.from, window.to, speaks, kept]);
  const ids = (chosen ?? figure ?? "").split(",").filter(Boolean).slice(0, MOST);
  const go = (to: string) => navigate({ span: to }, true);
  return (
    <article class="view" aria-labelledby="past-title">
      <header>
        <h1 id="past-title">{say("view")}</h1>
        <p class="question">{say("question")}</p>
      </header>
      {error && (
        <p class="failure" role="alert">
          ✕ {error}
        </p>
      )}
      {span && span.end_ms === null && <p class="muted">{say(span.recording ? "nothing_yet" : "no_history")}</p>}
      {span?.end_ms && (
        <>
          <div class="history-bar">
            <div class="segmented" role="group" aria-label={say("span")}>
              {(Object.keys(SPANS) as SpanName[]).map((name) => (
                <button key={name} type="button" aria-pressed={window.name === name} onClick={() => go(name)}>
                  {say(name)}
                </button>
              ))}
              <button type="button" aria-pressed={window.name === null && window.from <= first && window.to >= last} onClick={() => go(writeWindow(first, last + 1))}>
                {say("reach_all")}
              </button>
            </div>
            <button type="button" class="switch" aria-label={say("nearer")} title={say("nearer")} onClick={() => go(zoomed(window, 0.5, 0.5, first, last))}>
              +
            </button>
            <button type="button" class="switch" aria-label={say("farther")} title={say("farther")} onClick={() => go(zoomed(window, 2, 0.5, first, last))}>
              −
            </button>
            <span class="muted" data-nav>
              {written(window.from, speaks)} – {written(window.to, speaks)}
            </span>
          </div>
          <Compare ids={ids} window={window} first={first} last={last} grows={grows} moment={time} marks={marks} onIds={(to) => navigate({ with: to.join(",") || null })} onSpan={go} />
          <HeatMap window={window} at={at} moment={time} marks={marks} />
          <Happened marks={marks} />
        </>
      )}
    </article>
  );
}

function written(ms: number, speaks: string): string {
  return new Date(ms).toLocaleString(speaks === "de" ? "de-DE" : "en-GB", { dateStyle: "short", timeStyle: "medium" });
}
