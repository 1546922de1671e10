/** Labels on the machine: real buttons over the canvas, each with a line to its part. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { t } from "../i18n";
import { openFigure } from "../page/route";
import type { Model } from "../plant/model";
import { kindOf, partShort, splitId } from "../plant/parts";
import { clearOf } from "./clear";
import { labelsOf, MOST, type Label } from "./labels";
import { layOut, leave, type Wanted } from "./layout";
import { lookOf } from "./looks";
import { cellsNow, sensorsNow } from "./scales";
import type { Stage } from "./stage";
import { stillOf } from "./stillness";
import { troublesOf } from "./troubles";
import type { Focus } from "./views";

const STEP = 16; // px that a label's width is rounded up to, so that it stands still while its digits change
const EDGE = 0.01; // share of the frame within which a part counts as out of sight
const NUMBERED = ["pcs", "bus", "rack", "module", "cell", "sensor"];

interface Props {
  stage: Stage;
  of: Model;
  level: number;
  focus: Focus;
  sensorCells: number[];
}

export function Labels({ stage, of, level, focus, sensorCells }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const labels = [...troubles(stage, level, focus), ...stillOf(of, stage.place, level, focus), ...labelsOf(of, stage.place, level, focus, sensorCells)].slice(0, MOST);
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
  useLayoutEffect(settle, [labels.map(keyOf).join()]);
  return (
    <div class="scene-labels" ref={box}>
      <svg class="scene-lines" aria-hidden="true">
        {labels.map((label) => (
          <g key={keyOf(label)}>
            <line />
            <circle r="3" />
          </g>
        ))}
      </svg>
      {labels.map((label) => (
        <div key={keyOf(label)} class="scene-label">
          <Chip label={label} />
        </div>
      ))}
    </div>
  );
}

const keyOf = ({ id, name, trouble }: Label) => id ?? name ?? trouble?.quality ?? "";

function Chip({ label: { id, name, trouble } }: { label: Label }) {
  if (id) return <Figure id={id} as="line" label={nameOf(id)} />;
  if (trouble?.opens) {
    return (
      <button type="button" class="scene-trouble" data-quality={trouble.quality} onClick={() => openFigure(trouble.opens!)} data-nav>
        {trouble.text}
      </button>
    );
  }
  return (
    <span class={trouble ? "scene-trouble" : "scene-none hatched"} data-quality={trouble?.quality} data-nav>
      {trouble ? trouble.text : `${t(name!)} · ${t("figure.no_register")}`}
    </span>
  );
}

/** What is not good of the parts that carry the level's colours. */
function troubles(stage: Stage, level: number, { container, module }: Focus): Label[] {
  const look = lookOf(level);
  if (look.walls === 0) return [];
  const place = stage.place.containers[container];
  const within = (look.alone ? place?.modules[module]?.part : place?.id) ?? null;
  if (look.beads > 0) return troublesOf(sensorsNow.value, "sensor", within);
  return look.plain || look.battery === "ghost" ? [] : troublesOf(cellsNow.value, "cell", within);
}

/** What a figure is called on the machine: with its part where there are several of the kind. */
function nameOf(id: string): string {
  const { part } = splitId(id);
  const { label } = read(id);
  return NUMBERED.includes(kindOf(part) ?? "") ? `${partShort(part)} · ${label}` : label;
}

/** Areas in pixels where no label goes: legend, choice of drawing, what lies under a phone's sheet. */
function overlays(box: HTMLDivElement, wide: number, high: number): Wanted[] {
  const over = [...box.parentElement!.querySelectorAll<HTMLElement>(".scene-legend, .scene-tier")]
    .filter(({ offsetHeight }) => offsetHeight > 0)
    .map(({ offsetLeft, offsetTop, offsetWidth, offsetHeight }) => ({ x: offsetLeft, y: offsetTop, width: offsetWidth, height: offsetHeight }));
  const sheet = parseFloat(getComputedStyle(box).paddingBottom);
  if (sheet > 0) over.push({ x: 0, y: high - sheet, width: wide, height: sheet });
  return over;
}

/** What the level is about, in pixels: only troubles and the first figure go there, and only where there is room nowhere else. */
function subjects(stage: Stage, wide: number, high: number): Wanted[] {
  const { journey, place } = stage;
  const over: Wanted[] = [];
  for (const part of clearOf(place, journey.level, journey.focus)) {
    const corners = part.flatMap((at) => stage.project(at) ?? []);
    if (corners.length === 0) continue;
    const [xs, ys] = [corners.map(({ x }) => x * wide), corners.map(({ y }) => y * high)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    over.push({ x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y });
  }
  return over;
}

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
    const point = "cell" in at ? stage.cellCentre(at.cell) : "sensor" in at ? stage.sensorCentre(at.sensor) : at;
    const seen = point && stage.project(point);
    if (!seen || seen.x < EDGE || seen.x > 1 - EDGE || seen.y < EDGE || seen.y > 1 - EDGE) return null;
    return { x: seen.x * wide, y: seen.y * high, width: Math.ceil(hosts[n]!.offsetWidth / STEP) * STEP, height: hosts[n]!.offsetHeight };
  });
  const over = overlays(box, wide, high);
  const spots = layOut(wanted, wide, high, over, subjects(stage, wide, high), 1 + labels.findIndex(({ id }) => id !== null));
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
