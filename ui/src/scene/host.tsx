/** The stage on the page: canvas, labels as real buttons over it, pointer, wheel and theme. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model, paused, snapshot } from "../figures/snapshot";
import { t } from "../i18n";
import { open, scaleOf, selectedIn } from "../levels/cells";
import { fieldNow, type FieldNow } from "../levels/field";
import { sensorPlaces } from "../levels/sensorplaces";
import { goToLevel, route } from "../page/route";
import { theme } from "../page/settings";
import { find, type Model } from "../plant/model";
import { kindOf, partShort, splitId } from "../plant/parts";
import { diverging, type ColourScale } from "../twin2d/colour";
import { Legend } from "../twin2d/legend";
import { percentile, reachOf } from "../twin2d/statistics";
import { IGBT_SCALE } from "./details/converter";
import type { Ask } from "./details/detail";
import { extremes, labelsOf, type Label } from "./labels";
import { layOut, leave, type Wanted } from "./layout";
import { lookOf } from "./looks";
import { Stage } from "./stage";
import type { Focus } from "./views";

const CLICK = 4; // px that a click may stray
const WHEEL_MS = 500;
const SMALLEST_REACH_K = 2.5;
const STEP = 16; // px that a label's width is rounded up to, so that it stands still while its digits change

const ask: Ask = (part, metric) => {
  const of = model.value;
  const id = of ? find(of, part, metric) : null;
  return id ? read(id).value : null;
};

export default function SceneHost({ level }: { level: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<Stage | null>(null);
  const [broken, setBroken] = useState(false);
  const of = model.value!;
  const sensorCells = useMemo(() => sensorsOfModule(of), [of]);

  useEffect(() => {
    let made: Stage;
    try {
      made = new Stage(canvas.current!, of, theme.peek(), matchMedia("(prefers-reduced-motion: reduce)").matches, sensorCells);
    } catch {
      setBroken(true); // no WebGL here: the pictures below show the same
      return;
    }
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

  useSignalEffect(() => {
    const shown = snapshot.value;
    if (!stage || !shown) return;
    const cells = fieldNow(of.cells);
    const ends = extremes(cells);
    stage.setScales(cells && scaleOf(cells, "deviation"), temperatureScale(fieldNow(of.sensors)));
    stage.setSnapshot(shown, ask, ends, ends ? cells!.values[ends[1]]! - cells!.values[ends[0]]! : 0);
  });
  const running = !paused.value;
  useEffect(() => stage?.setMotion(running), [stage, running]);
  const shade = theme.value;
  const painted = useRef(shade);
  useEffect(() => {
    if (stage && painted.current !== shade) stage.paint(shade);
    painted.current = shade;
  }, [stage, shade]);

  const focus = focusOf(of);
  const first = useRef(true);
  useEffect(() => {
    if (!stage) return;
    stage.go(level, focus, first.current);
    first.current = false;
  }, [stage, level, Object.values(focus).join()]);

  usePointer(canvas, stage, of, level);
  if (broken) return null;
  return (
    <div class="scene" ref={frame} data-level={level}>
      <canvas ref={canvas} aria-label={t("scene.label")} role="img" />
      {stage && <Labels stage={stage} of={of} level={level} focus={focus} sensorCells={sensorCells} />}
      <Legends of={of} level={level} />
    </div>
  );
}

/** Cells (from 0) of a module that its sensors sit at. */
function sensorsOfModule(of: Model): number[] {
  return of.sensors ? (sensorPlaces(of)?.places.slice(0, of.sensors.each) ?? []) : [];
}

/** Temperatures against their mean. */
function temperatureScale(now: FieldNow | null): ColourScale | null {
  if (!now?.summary) return null;
  const { values, summary } = now;
  const reach = reachOf(Math.max(percentile(values, summary, 0.99) - summary.mean, summary.mean - percentile(values, summary, 0.01), SMALLEST_REACH_K));
  return { from: -reach, to: reach, ramp: diverging, zero: summary.mean };
}

function Legends({ of, level }: { of: Model; level: number }) {
  const look = lookOf(level);
  const cells = look.walls > 0 && look.battery !== "ghost" && !look.plain ? fieldNow(of.cells) : null;
  const scale = cells && scaleOf(cells, "deviation");
  const warmth = look.beads > 0 ? temperatureScale(fieldNow(of.sensors)) : null;
  return (
    <div class="scene-legend">
      {scale && <Legend scale={scale} unit="mV" factor={1e3} decimals={0} title={t("cells.legend.deviation")} />}
      {warmth && <Legend scale={warmth} unit="K" factor={1} decimals={1} title={t("cells.legend.deviation")} />}
      {level === 10 && <Legend scale={IGBT_SCALE} unit="°C" factor={1} decimals={0} title={t("ntc.absolute")} />}
    </div>
  );
}

/** Drag turns, a click opens the cell under it, ctrl or ⌘ with the wheel changes the level. */
function usePointer(canvas: { current: HTMLCanvasElement | null }, stage: Stage | null, of: Model, level: number): void {
  useEffect(() => {
    const on = canvas.current;
    if (!stage || !on) return;
    let from: { x: number; y: number; strayed: boolean } | null = null;
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY, strayed: false };
      on.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.strayed && Math.hypot(dx, dy) < CLICK) return;
      stage.drag(dx, dy);
      from = { x: event.clientX, y: event.clientY, strayed: true };
    };
    const up = (event: PointerEvent) => {
      const clicked = from && !from.strayed && event.type === "pointerup";
      from = null;
      if (!clicked || !of.cells) return;
      const { left, top, width, height } = on.getBoundingClientRect();
      const found = stage.probe(((event.clientX - left) / width) * 2 - 1, 1 - ((event.clientY - top) / height) * 2);
      if (found) open(of.cells, found.cell);
    };
    let turned = 0;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      if (event.timeStamp - turned < WHEEL_MS || event.deltaY === 0) return;
      turned = event.timeStamp;
      goToLevel(level + Math.sign(event.deltaY));
    };
    on.addEventListener("pointerdown", down);
    on.addEventListener("pointermove", move);
    on.addEventListener("pointerup", up);
    on.addEventListener("pointercancel", up);
    on.addEventListener("wheel", wheel, { passive: false });
    return () => {
      on.removeEventListener("pointerdown", down);
      on.removeEventListener("pointermove", move);
      on.removeEventListener("pointerup", up);
      on.removeEventListener("pointercancel", up);
      on.removeEventListener("wheel", wheel);
    };
  }, [stage, of, level]);
}

/** Indices of the parts that the address names. */
function focusOf(of: Model): Focus {
  const { figure, at } = route.value;
  const part = (figure ? splitId(figure).part : null) ?? at ?? "";
  const selected = of.cells ? selectedIn(of.cells) : -1;
  const each = of.cells?.each ?? 1;
  const named = [part, at ?? ""].map((path) => of.cells?.parts.findIndex((cell) => path !== "" && cell.startsWith(`${path}/`)) ?? -1).find((n) => n >= 0) ?? -1;
  const sensor = of.sensors && /\/ntc\d+$/.test(part) ? of.sensors.parts.indexOf(part) : -1;
  const places = sensor >= 0 ? sensorPlaces(of) : null;
  const cell = selected >= 0 ? selected : places ? Math.floor(places.places[sensor]!) : named >= 0 ? named + MIDDLE(each) : START(of) + MIDDLE(each);
  let container = 0;
  let before = 0;
  for (const row of of.plant.anatomy.containers) {
    const size = row.racks * row.modules * row.cells;
    if (cell < before + size) break;
    before += size;
    container++;
  }
  const pcs = /^pcs(\d+)/.exec(part) ?? /^pcs(\d+)/.exec(at ?? "");
  return { container, module: Math.floor((cell - before) / each), cell: cell - before, pcs: pcs ? Number(pcs[1]) - 1 : 0 };
}

/** Where nothing is named: a cell in the front third of the first module that lies at eye height. */
const MIDDLE = (each: number) => Math.floor(each / 12);
const START = (of: Model) => (of.cells ? Math.min(3, of.cells.modules - 1) * of.cells.each : 0);

function Labels({ stage, of, level, focus, sensorCells }: { stage: Stage; of: Model; level: number; focus: Focus; sensorCells: number[] }) {
  const box = useRef<HTMLDivElement>(null);
  const labels = labelsOf(of, stage.place, level, focus, sensorCells);
  const now = useRef<Label[]>(labels);
  now.current = labels;
  const settle = () => settleLabels(box.current, now.current, stage);
  useEffect(() => {
    stage.onFrame = settle;
    stage.wake();
    return () => {
      stage.onFrame = null;
    };
  }, [stage]);
  useLayoutEffect(settle, [labels.map((label) => label.id ?? label.name).join()]);
  return (
    <div class="scene-labels" ref={box}>
      <svg class="scene-lines" aria-hidden="true">
        {labels.map((label) => (
          <g key={label.id ?? label.name}>
            <line />
            <circle r="3" />
          </g>
        ))}
      </svg>
      {labels.map((label) => (
        <div key={label.id ?? label.name} class="scene-label">
          {label.id ? (
            <Figure id={label.id} as="line" label={nameOf(label.id)} />
          ) : (
            <span class="scene-none hatched">
              {t(label.name!)} · {t("figure.no_register")}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}

/** What a figure is called on the machine: with its part where there are several of the kind. */
function nameOf(id: string): string {
  const { part } = splitId(id);
  const { label } = read(id);
  return NUMBERED.includes(kindOf(part) ?? "") ? `${partShort(part)} · ${label}` : label;
}

const NUMBERED = ["pcs", "bus", "rack", "module", "cell", "sensor"];

/** Lays the labels where the scene shows their parts now; none during a flight. */
function settleLabels(box: HTMLDivElement | null, labels: Label[], stage: Stage): void {
  if (!box) return;
  box.classList.toggle("in-flight", stage.flying);
  if (stage.flying) return;
  const { clientWidth: wide, clientHeight: high } = box;
  const hosts = [...box.querySelectorAll<HTMLElement>(".scene-label")];
  const lines = [...box.querySelectorAll<SVGGElement>(".scene-lines g")];
  if (hosts.length !== labels.length) return;
  const wanted = labels.map(({ at }, n): Wanted | null => {
    const point = "cell" in at ? stage.cellCentre(at.cell) : at;
    const seen = point && stage.project(point);
    if (!seen || seen.x < 0.01 || seen.x > 0.99 || seen.y < 0.01 || seen.y > 0.99) return null;
    return { x: seen.x * wide, y: seen.y * high, width: Math.ceil(hosts[n]!.offsetWidth / STEP) * STEP, height: hosts[n]!.offsetHeight };
  });
  const legend = box.parentElement?.querySelector<HTMLElement>(".scene-legend");
  const keep = legend && legend.offsetHeight > 0 ? [{ x: legend.offsetLeft, y: legend.offsetTop, width: legend.offsetWidth, height: legend.offsetHeight }] : [];
  const spots = layOut(wanted, wide, high, keep);
  hosts.forEach((host, n) => {
    const [spot, want, group] = [spots[n], wanted[n], lines[n]!];
    host.style.visibility = group.style.visibility = spot ? "visible" : "hidden";
    if (!spot || !want) return;
    host.style.transform = `translate(${spot.x}px, ${spot.y}px)`;
    const foot = leave(spot, { ...want, width: host.offsetWidth });
    const [line, dot] = [group.firstElementChild!, group.lastElementChild!];
    const places: [Element, string, number][] = [
      [line, "x1", foot.x], [line, "y1", foot.y], [line, "x2", want.x], [line, "y2", want.y], [dot, "cx", want.x], [dot, "cy", want.y],
    ];
    for (const [part, name, value] of places) part.setAttribute(name, value.toFixed(1));
  });
  stage.settled = true;
}

/** What a test in a browser may look at; nothing here changes the page. */
function expose(stage: Stage): () => void {
  const seen = {
    get counts() {
      return { ...stage.counts };
    },
    get flying() {
      return stage.flying;
    },
    /** Drawn, at rest and labelled. */
    get ready() {
      return stage.settled && !stage.flying;
    },
    get pose() {
      return stage.where;
    },
    get scale() {
      const { scale } = stage;
      return scale && { from: scale.from, to: scale.to, zero: scale.zero, ramp: Array.from(scale.ramp.pixels) };
    },
    cells: model.peek()?.cells?.parts.length ?? 0,
    part: (cell: number) => model.peek()?.cells?.parts[cell] ?? null,
    probe: (x: number, y: number) => stage.probe(x, y),
    project: (cell: number) => {
      const at = stage.cellCentre(cell);
      return at && stage.project(at);
    },
    /** What the page says of a cell's voltage, to hold the pixels against. */
    value: (part: string) => ask(part, "voltage"),
    coverage: (share?: number) => stage.coverage(share),
    flights: () => stage.flights(),
    pixels: () => stage.pixels(),
  };
  const on = window as unknown as { __scene?: typeof seen };
  on.__scene = seen;
  return () => {
    if (on.__scene === seen) delete on.__scene;
  };
}
