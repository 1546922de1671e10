/** How much machine a frame shows: every flight is looked over, so that none leads through nothing. */

import { lookBetween, lookOf } from "./looks";
import type { Stage } from "./stage";

const LEVELS = 14;
const SAMPLES = [0.25, 0.5, 0.75, 1];

/** Share of the frame's pixels that show the machine, ground and sky left out. */
export function coverage({ world, screen, eye }: Stage): number {
  world.ground.visible = false;
  const share = screen.filled(eye.camera);
  world.ground.visible = true;
  return share;
}

/** Sampled frames of every flight from one level to another: [from, to, share of the way, share of machine]. */
export function surveyFlights(stage: Stage): [number, number, number, number][] {
  const { journey, world } = stage;
  const out: [number, number, number, number][] = [];
  const seen = new Map<string, number>();
  for (let from = 1; from <= LEVELS; from++) {
    for (let to = 1; to <= LEVELS; to++) {
      if (from === to) continue;
      const flight = journey.between(from, to);
      for (const share of SAMPLES) {
        const [pose, shown, look] = [flight.at(share), share < 0.5 ? from : to, lookBetween(lookOf(from), lookOf(to), share)];
        // a flight back comes by the same frames: each is drawn once
        const frame = JSON.stringify([pose, shown, look], (_, value: unknown) => (typeof value === "number" ? Number(value.toFixed(6)) : value));
        let machine = seen.get(frame);
        if (machine === undefined) {
          stage.see(pose);
          world.show(shown, look, journey.focus, stage.ends);
          machine = coverage(stage);
          seen.set(frame, machine);
        }
        out.push([from, to, share, machine]);
      }
    }
  }
  stage.refresh();
  return out;
}
