/** The page at a moment that is past: fetches the frame of then, holds it, and moves through the record. */

import { batch } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { held, model, take } from "../figures/snapshot";
import { language } from "../i18n";
import { navigate, route } from "../page/route";
import { buildModel } from "../plant/model";
import { past, type Span } from "./api";
import { say } from "./texts";

const MINUTE = 60_000;

export function Player() {
  const time = route.value.time;
  const of = model.value;
  const [span, setSpan] = useState<Span | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => void past.span().then(setSpan, (reason: Error) => setError(reason.message)), []);
  const kept = span !== null && span.end_ms !== null;
  useEffect(() => {
    if (time === null || !of || !kept) return;
    let over = false;
    void (async () => {
      try {
        const frame = await past.frame(time);
        if (over) return;
        let mine = of;
        if (frame.schemaHash !== of.schema.hash.slice(0, 8)) {
          // the plant was read in another way then: its registers are told by the schema of that time
          mine = buildModel(await past.schema(time, language.peek()), of.plant, of.levels);
          if (over) return;
        }
        batch(() => {
          if (mine !== of) model.value = mine;
          // ages are those of then: they do not grow while somebody looks
          held.value = { ...take(frame, mine), receivedMs: Infinity };
        });
        setError(null);
      } catch (reason) {
        if (!over) setError((reason as Error).message);
      }
    })();
    return () => void (over = true);
  }, [time, of, kept]);
  useEffect(() => () => void (held.value = null), []);
  if (time === null || span === null) return null;
  const when = new Date(time).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { dateStyle: "medium", timeStyle: "medium" });
  const go = (ms: number) => navigate({ time: Math.min(Math.max(ms, span.start_ms ?? ms), span.end_ms ?? ms) }, true);
  return (
    <div class="moment" role="note" data-moment={time}>
      <span data-nav>◷ {say(kept ? "shown" : "asked", { when })}</span>
      {kept && (
        <>
          <button type="button" class="switch" onClick={() => go(time - MINUTE)} aria-label={say("back")} title={say("back")}>
            ◂
          </button>
          <input type="range" aria-label={say("slider")} min={Math.ceil(span.start_ms!)} max={Math.floor(span.end_ms!)} step={1000} value={time} onInput={(event) => go(Number(event.currentTarget.value))} />
          <button type="button" class="switch" onClick={() => go(time + MINUTE)} aria-label={say("on")} title={say("on")}>
            ▸
          </button>
        </>
      )}
      <button type="button" class="switch" onClick={() => navigate({ time: null })}>
        {say("live")}
      </button>
      {error && <span class="failure">✕ {error}</span>}
    </div>
  );
}
