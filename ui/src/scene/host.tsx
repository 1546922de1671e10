/** The stage on the page: a canvas, fed from a source of snapshots, under labels and legends. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { theme } from "../page/settings";
import { model } from "../figures/snapshot";
import type { Model } from "../plant/model";
import { focusOf, sensorsOfModule } from "./focus";
import { expose, noteTick } from "./hooks";
import { extremes } from "./labels";
import { Labels } from "./labelview";
import { Legends } from "./legends";
import { usePointer } from "./pointer";
import { cellScale, cellsNow, warmthScale } from "./scales";
import { live, type Source } from "./source";
import { Stage } from "./stage";
import { tierHere, type Tier } from "./tier";
import { choice, TierChoice } from "./tierchoice";

export default function SceneHost({ level, source = live }: { level: number; source?: Source }) {
  const [found, setFound] = useState(tierHere);
  if (!found) return null; // no WebGL here: the pictures below show the same
  const tier = choice.value === "auto" ? found : choice.value;
  // a canvas keeps how it was first opened: another tier is another canvas
  return <Space key={tier} level={level} source={source} tier={tier} onSlow={() => setFound("lite")} onFail={() => setFound(null)} />;
}

interface Props {
  level: number;
  source: Source;
  tier: Tier;
  onSlow: () => void;
  onFail: () => void;
}

function Space({ level, source, tier, onSlow, onFail }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const of = model.value!;
  const sensorCells = useMemo(() => sensorsOfModule(of), [of]);
  const stage = useStage(canvas, frame, of, tier, sensorCells, onSlow, onFail);

  useEffect(() => (stage ? source.watch(() => feed(stage, source)) : undefined), [stage, source]);
  const shade = theme.value;
  const painted = useRef(shade);
  useEffect(() => {
    if (stage && painted.current !== shade) stage.paint(shade);
    painted.current = shade;
  }, [stage, shade]);

  const focus = focusOf(of);
  const first = useRef<Stage | null>(null);
  useEffect(() => {
    if (!stage) return;
    stage.go(level, focus, first.current !== stage);
    first.current = stage;
  }, [stage, level, Object.values(focus).join()]);

  usePointer(canvas, stage, level);
  return (
    <div class="scene" ref={frame} data-level={level} data-tier={tier}>
      <canvas ref={canvas} aria-label={t("scene.label")} aria-describedby="level-said" role="img" />
      {stage && <Labels stage={stage} of={of} level={level} focus={focus} sensorCells={sensorCells} />}
      <Legends level={level} />
      <TierChoice />
    </div>
  );
}

/** Gives the stage what the source says now; subscribes its caller to all of it. */
function feed(stage: Stage, source: Source): void {
  const { shown } = source;
  stage.setMotion(source.running);
  if (!shown) return;
  const began = performance.now();
  const ends = extremes(cellsNow.value);
  const values = cellsNow.value?.values;
  const spread = ends && values ? values[ends[1]]! - values[ends[0]]! : 0;
  stage.take(shown, source.value, source.fresh, { cells: cellScale.value, sensors: warmthScale.value }, ends, spread);
  noteTick(performance.now() - began);
}

type Place<T> = { current: T | null };

/** The stage on a canvas, as large as its frame and still while nobody sees it; null until it stands. */
function useStage(canvas: Place<HTMLCanvasElement>, frame: Place<HTMLDivElement>, of: Model, tier: Tier, sensorCells: number[], onSlow: () => void, onFail: () => void): Stage | null {
  const [stage, setStage] = useState<Stage | null>(null);
  useEffect(() => {
    let made: Stage;
    try {
      made = new Stage(canvas.current!, of, theme.peek(), tier, matchMedia("(prefers-reduced-motion: reduce)").matches, sensorCells);
    } catch (reason) {
      console.warn(reason);
      onFail();
      return;
    }
    if (tier === "full" && choice.peek() === "auto") made.onSlow = onSlow;
    setStage(made);
    const box = frame.current!;
    const size = new ResizeObserver(() => made.resize(box.clientWidth, box.clientHeight, devicePixelRatio));
    size.observe(box);
    const seen = new IntersectionObserver((entries) => made.setSeen(entries.some(({ isIntersecting }) => isIntersecting)));
    seen.observe(box);
    const gone = expose(made);
    return () => {
      gone();
      size.disconnect();
      seen.disconnect();
      made.dispose();
      setStage(null);
    };
  }, [of]);
  return stage;
}
