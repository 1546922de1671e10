/** What a test in a browser may look at; nothing here changes the page. */

import { route } from "../page/route";
import { find } from "../plant/model";
import type { ColourScale } from "../twin2d/colour";
import { IGBT_SCALE } from "./details/converter";
import { focusOf } from "./focus";
import { live } from "./source";
import type { Stage } from "./stage";
import { coverage, surveyFlights } from "./survey";

/** Puts `__scene` on the window; gives back what takes it away. */
export function expose(stage: Stage): () => void {
  const written = (scale: ColourScale | null) => scale && { from: scale.from, to: scale.to, zero: scale.zero, ramp: Array.from(scale.ramp.pixels) };
  const seen = {
    get counts() {
      return { ...stage.screen.counts, built: stage.world.geometries };
    },
    get flying() {
      return stage.flying;
    },
    /** Drawn as the address says, at rest and labelled. */
    get ready() {
      const { journey } = stage;
      return stage.ready && stage.screen.fits && journey.level === route.peek().level && JSON.stringify(journey.focus) === JSON.stringify(focusOf(stage.model));
    },
    get pose() {
      return stage.journey.pose;
    },
    get scale() {
      return written(stage.scales.cells);
    },
    get warmth() {
      return written(stage.scales.sensors);
    },
    igbt: written(IGBT_SCALE),
    times: stage.times,
    get first() {
      return stage.first;
    },
    /** Milliseconds of script that the last snapshots took. */
    ticks,
    get moment() {
      return live.now();
    },
    tier: stage.tier,
    renderer: stage.screen.name,
    cells: stage.model.cells?.parts.length ?? 0,
    part: (cell: number) => stage.model.cells?.parts[cell] ?? null,
    /** The datum under a point of the canvas (-1 … 1, y up): its figure's id, how its colour is shaded and marked there. */
    probe: (x: number, y: number) => {
      const datum = stage.probe(x, y);
      return datum && { ...datum, id: find(stage.model, datum.part, datum.metric), mark: stage.mark(datum) };
    },
    project: (cell: number) => {
      const at = stage.cellCentre(cell);
      return at && stage.project(at);
    },
    /** What the page says of a cell's voltage, to hold the pixels against. */
    value: (part: string) => live.value(part, "voltage"),
    coverage: () => coverage(stage),
    flights: () => surveyFlights(stage),
    pixels: () => stage.pixels(),
  };
  const on = window as unknown as { __scene?: typeof seen };
  on.__scene = seen;
  return () => {
    if (on.__scene === seen) delete on.__scene;
  };
}

const MOST = 60;
const ticks: number[] = [];

/** Notes what a snapshot cost. */
export function noteTick(milliseconds: number): void {
  if (ticks.push(milliseconds) > MOST) ticks.shift();
}
