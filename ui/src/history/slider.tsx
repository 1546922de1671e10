/** The time slider: a window of the record with what happened in it, drawn under the handle, and where the record ends. */

import { useEffect, useRef, useState } from "preact/hooks";
import { language } from "../i18n";
import type { Span } from "./api";
import { marksIn, type Mark } from "./marks";
import { say } from "./texts";
import "./history.css";

const MINUTE = 60_000;
const REACH = { ten: 10 * MINUTE, hour: 60 * MINUTE, day: 1440 * MINUTE, all: Infinity } as const;
type Reach = keyof typeof REACH;
const WIDTH = 1000;
const MOST_MARKS = 200;
/** A record whose end is older is not going on. */
const LATE_MS = 2 * MINUTE;

interface SliderProps {
  span: Span;
  time: number;
  onTime(ms: number): void;
}

export function Slider({ span, time, onTime }: SliderProps) {
  const [reach, setReach] = useState<Reach>("all");
  const [marks, setMarks] = useState<Mark[]>([]);
  const middle = useRef(time);
  const first = Math.ceil(span.start_ms!);
  const last = Math.floor(span.end_ms!);
  const half = REACH[reach] / 2;
  if (time < middle.current - half || time > middle.current + half) middle.current = time;
  const from = Math.max(first, middle.current - half);
  const to = Math.min(last, middle.current + half);
  const [a, b] = [from, Math.max(to, from + 1000)];
  const speaks = language.value;
  // while the record grows its end is looked at again with every minute only
  const until = Math.ceil(b / MINUTE);
  useEffect(() => {
    let over = false;
    void marksIn(a, b + 1, speaks).then(
      (found) => over || setMarks(found),
      () => over || setMarks([]),
    );
    return () => void (over = true);
  }, [a, until, speaks]);
  const go = (ms: number) => onTime(Math.round(Math.min(Math.max(ms, first), last)));
  const place = (ms: number) => Math.max(0, Math.min(WIDTH, ((ms - a) / (b - a)) * WIDTH));
  const before = [...marks].reverse().find((mark) => mark.t < time - 1);
  const after = marks.find((mark) => mark.t > time + 1);
  const text = new Date(time).toLocaleString(speaks === "de" ? "de-DE" : "en-GB");
  return (
    <div class="slider">
      <button type="button" class="switch" onClick={() => go(time - MINUTE)} aria-label={say("back")} title={say("back")}>
        ◂
      </button>
      <div class="slider-track">
        <input type="range" aria-label={say("slider")} aria-valuetext={text} min={a} max={b} step={1000} value={time} onInput={(event) => go(Number(event.currentTarget.value))} />
        <svg class="slider-marks" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true" data-marks={marks.length}>
          {marks.slice(0, MOST_MARKS).map((mark) => (
            <g key={mark.key} class={`mark-${mark.kind}`}>
              {mark.end !== null && <rect x={place(mark.t)} y={6} width={Math.max(1, place(mark.end) - place(mark.t))} height={3} />}
              <line x1={place(mark.t)} x2={place(mark.t)} y1={0} y2={9} vector-effect="non-scaling-stroke" />
            </g>
          ))}
          {b >= last && <line class="slider-now" x1={place(last)} x2={place(last)} y1={0} y2={10} vector-effect="non-scaling-stroke" />}
        </svg>
      </div>
      {b >= last && <span class="now-label">{say(Date.now() - last < LATE_MS ? "now" : "end")}</span>}
      <button type="button" class="switch" onClick={() => go(time + MINUTE)} aria-label={say("on")} title={say("on")}>
        ▸
      </button>
      <select class="switch" aria-label={say("reach")} value={reach} onChange={(event) => {
        middle.current = time;
        setReach(event.currentTarget.value as Reach);
      }}>
        {(Object.keys(REACH) as Reach[]).map((name) => (
          <option key={name} value={name}>
            {say(`reach_${name}`)}
          </option>
        ))}
      </select>
      <button type="button" class="switch" disabled={!before} onClick={() => go(before!.t)} aria-label={say("mark_back")} title={before ? `${say("mark_back")}: ${before.text}` : say("mark_back")}>
        ⇤
      </button>
      <button type="button" class="switch" disabled={!after} onClick={() => go(Math.ceil(after!.t))} aria-label={say("mark_on")} title={after ? `${say("mark_on")}: ${after.text}` : say("mark_on")}>
        ⇥
      </button>
      <span class="hidden">{say("marks", { n: marks.length })}</span>
    </div>
  );
}
