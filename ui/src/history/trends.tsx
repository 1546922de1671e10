/** A figure over minutes, days, weeks, from what was recorded; a click turns the page to that moment. */

import { useEffect, useRef, useState } from "preact/hooks";
import { read } from "../figures/reading";
import { displayOf } from "../figures/units";
import { language } from "../i18n";
import { navigate, route } from "../page/route";
import { theme } from "../page/settings";
import { past, type Drawn } from "./api";
import { columnsOf } from "./columns";
import { openPlot, type Plot } from "./plot";
import { say } from "./texts";

const MINUTE = 60_000;
const SPANS = { five: 5 * MINUTE, day: 1440 * MINUTE, week: 7 * 1440 * MINUTE, month: 30 * 1440 * MINUTE } as const;
const POINTS = 600;
const MOST = 6;
type Name = keyof typeof SPANS;

interface Answer {
  drawn: Drawn;
  from: number;
  to: number;
}

/** Nothing where this server keeps no history. */
export function Trends({ id, unit }: { id: string; unit: string }) {
  const [name, setName] = useState<Name>("day");
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [kept, setKept] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const at = route.value.time;
  const speaks = language.value;
  const look = theme.value;
  useEffect(() => {
    let over = false;
    void (async () => {
      try {
        const span = await past.span();
        if (over) return;
        setKept(span.end_ms !== null);
        if (span.end_ms === null) return;
        const to = (at ?? span.end_ms) + 1;
        const from = Math.max(to - SPANS[name], 0);
        const drawn = await past.series(id, from, to, POINTS, speaks);
        if (over) return;
        setAnswer({ drawn, from, to });
        setError(null);
      } catch (reason) {
        if (!over) setError((reason as Error).message);
      }
    })();
    return () => void (over = true);
  }, [id, name, at, speaks]);
  const metric = read(id).metric;
  const shown = answer?.drawn.id.split("@")[0] === id.split("@")[0] ? answer : null;
  const biggest = shown ? Math.max(0, ...shown.drawn.high.map((value) => Math.abs(value ?? 0))) : 0;
  const { unit: written, factor, decimals } = displayOf(unit, metric, biggest, null);
  const columns = shown ? columnsOf(shown.drawn, factor) : null;
  useEffect(() => {
    if (!box.current || !shown || !columns?.t.length) return;
    plot.current ??= openPlot(box.current, (ms) => navigate({ time: ms }));
    plot.current.draw(columns, shown.from, shown.to, written, decimals);
  }, [shown, written, look]);
  useEffect(() => () => plot.current?.close(), []);
  if (!kept && !error) return null;
  return (
    <section class="pane" data-history={name}>
      <h3>{say("title")}</h3>
      <div class="segmented" role="group" aria-label={say("title")}>
        {(Object.keys(SPANS) as Name[]).map((one) => (
          <button key={one} type="button" aria-pressed={one === name} onClick={() => setName(one)}>
            {say(one)}
          </button>
        ))}
      </div>
      {error && <p class="failure">✕ {error}</p>}
      <div class="trend" ref={box} role="img" aria-label={say("title")} data-scale hidden={!columns?.t.length} />
      <button type="button" class="switch" onClick={() => navigate({ view: "history", with: withId(route.value.with, id), span: name, figure: null })}>
        {say("more")}
      </button>
      {columns && (columns.t.length ? <p class="muted">{say("counts", { sweeps: columns.sweeps, left: columns.leftOut, gaps: columns.gaps })} {say("turn")}</p> : <p class="muted">{say("none")}</p>)}
    </section>
  );
}

/** A figure behind those that are compared already. */
function withId(chosen: string | null, id: string): string {
  return [...new Set([...(chosen ?? "").split(",").filter(Boolean), id])].slice(-MOST).join(",");
}
