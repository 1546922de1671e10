/** The page at a moment that is past: fetches the frame of then, holds it, and moves through the record. */

import { batch } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { sweeps } from "../figures/asked";
import { held, model, take } from "../figures/snapshot";
import { language } from "../i18n";
import { navigate, route } from "../page/route";
import { buildModel, type Model } from "../plant/model";
import type { Frame } from "../wire/frame";
import { past, type Span } from "./api";
import { seeker, type Seeker } from "./seek";
import { Slider } from "./slider";
import { say } from "./texts";

const SPAN_MS = 5000;
const SETTLED_MS = 300;

interface Then {
  frame: Frame;
  of: Model;
}

/** The frame of a moment, and the model that it is decoded with: the plant may have been read in another way then. */
async function then(ms: number): Promise<Then> {
  const of = model.peek()!;
  const frame = await past.frame(ms);
  if (frame.schemaHash === of.schema.hash.slice(0, 8)) return { frame, of };
  return { frame, of: buildModel(await past.schema(ms, language.peek()), of.plant, of.levels) };
}

export function Player() {
  const time = route.value.time;
  const of = model.value;
  const [span, setSpan] = useState<Span | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const [error, setError] = useState<string | null>(null);
  const seek = useRef<Seeker | null>(null);
  const mine = useRef<Model | null>(null);
  const kept = span !== null && span.end_ms !== null;
  useEffect(() => {
    const ask = () => void past.span().then(setSpan, (reason: Error) => setError(reason.message));
    ask();
    const timer = setInterval(ask, SPAN_MS); // while somebody records, the end moves on
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    const show = ({ frame, of: found }: Then, ms: number) => {
      mine.current = found;
      batch(() => {
        if (found !== model.peek()) model.value = found;
        // ages are those of then: they do not grow while somebody looks
        held.value = { ...take(frame, found), receivedMs: Infinity };
      });
      setShown(ms);
      setError(null);
    };
    seek.current = seeker(then, show, (reason) => setError(reason.message));
    return () => {
      seek.current?.stop();
      batch(() => {
        held.value = null;
        sweeps.value = null;
      });
    };
  }, []);
  useEffect(() => {
    if (time !== null && of && kept && (of !== mine.current || time !== shown)) seek.current?.go(time);
  }, [time, of, kept]);
  useEffect(() => {
    if (time === null || !kept) return;
    const timer = setTimeout(() => void factsOf(time), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [time, kept]);
  if (time === null || span === null) return null;
  const when = new Date(time).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return (
    <div class="moment" role="note" data-moment={time} data-shown={shown ?? undefined}>
      <span data-nav>◷ {say(kept ? "shown" : "asked", { when })}</span>
      {kept && <Slider span={span} time={time} onTime={(ms) => navigate({ time: ms }, true)} />}
      <button type="button" class="switch" onClick={() => navigate({ time: null })}>
        {say("live")}
      </button>
      {error && <span class="failure">✕ {error}</span>}
    </div>
  );
}

/** Facts of the sweeps of then, which no frame carries. */
async function factsOf(ms: number): Promise<void> {
  try {
    const rows = await past.sweeps(ms, language.peek());
    if (route.peek().time === ms) sweeps.value = { rows: new Map(rows.map((row) => [row.id, row])), receivedMs: performance.now() };
  } catch {
    sweeps.value = null; // what stood there was of another moment
  }
}
