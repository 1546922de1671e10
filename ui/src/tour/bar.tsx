/** The tour's bar under everything: the sentence of the level, where the tour stands, and how it is steered. */

import { useEffect, useRef } from "preact/hooks";
import { model } from "../figures/snapshot";
import { LEVELS, route } from "../page/route";
import { LevelSentence } from "./sentence";
import { endTour, STOP_MS, toggleTour, tour, visit } from "./state";
import { say } from "./texts";
import "./tour.css";

export function TourBar() {
  const now = tour.value;
  const steer = useRef<HTMLButtonElement>(null);
  const on = now !== null;
  useEffect(() => {
    if (!on) return;
    const before = document.activeElement as HTMLElement | null;
    steer.current?.focus({ preventScroll: true });
    return () => before?.isConnected && before.focus({ preventScroll: true });
  }, [on]);
  if (!now) return null;
  const { level } = route.value;
  const title = model.value?.levels.find((row) => row.id === level)?.title ?? "";
  return (
    <section class="tour" aria-label={say("title")}>
      <Stops level={level} share={now.ms / STOP_MS} />
      <div class="tour-body">
        <p class="tour-where">
          <span data-nav>{say("step", { n: level, all: LEVELS })}</span> <strong data-nav>{title}</strong>
        </p>
        <p class="tour-sentence" id="level-said">
          <LevelSentence level={level} />
        </p>
        <div class="tour-buttons">
          <Button name="previous" sign="‹" disabled={level <= 1} onClick={() => void visit(level - 1)} />
          <button ref={steer} type="button" class="switch tour-steer" aria-label={say(now.running ? "pause" : "resume")} title={say(now.running ? "pause" : "resume")} onClick={toggleTour}>
            <span aria-hidden="true">{now.running ? "❚❚" : "▶"}</span>
          </button>
          <Button name="next" sign="›" disabled={level >= LEVELS} onClick={() => void visit(level + 1)} />
          <Button name="end" sign="✕" onClick={endTour} />
        </div>
      </div>
      <p class="hidden" role="status">
        {say(now.running ? "goes" : "waits")}
      </p>
    </section>
  );
}

function Button({ name, sign, disabled = false, onClick }: { name: "previous" | "next" | "end"; sign: string; disabled?: boolean; onClick(): void }) {
  return (
    <button type="button" class="switch" aria-label={say(name)} title={say(name)} disabled={disabled} onClick={onClick}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

/** The 14 stops; those behind are full, the one at hand fills as its time passes. */
function Stops({ level, share }: { level: number; share: number }) {
  return (
    <ol class="tour-stops">
      {(model.value?.levels ?? []).map((row) => (
        <li key={row.id}>
          <button type="button" class="tour-stop" aria-label={`${String(row.id).padStart(2, "0")} ${row.title}`} title={row.title} aria-current={row.id === level ? "step" : undefined} onClick={() => void visit(row.id)}>
            <span class="tour-track">
              <span class="tour-fill" style={{ width: `${(row.id < level ? 1 : row.id === level ? Math.min(1, share) : 0) * 100}%` }} />
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
