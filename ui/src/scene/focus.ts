/** Which parts the address names: what the levels of single parts look at. */

import { selectedIn } from "../levels/cells";
import { sensorPlaces } from "../levels/sensorplaces";
import { route } from "../page/route";
import type { Model } from "../plant/model";
import { splitId } from "../plant/parts";
import type { Focus } from "./views";

/** Where nothing is named: a cell in the front third of the first module that lies at eye height. */
const middle = (each: number) => Math.floor(each / 12);
const start = (of: Model) => (of.cells ? Math.min(3, of.cells.modules - 1) * of.cells.each : 0);

/** Number over the plant of the cell that is looked at, whether the address names it or not. */
export function focusedCell(of: Model): number {
  const { figure, at } = route.value;
  return cellOf(of, (figure ? splitId(figure).part : null) ?? at ?? "", at ?? "");
}

export function focusOf(of: Model): Focus {
  const { figure, at } = route.value;
  const part = (figure ? splitId(figure).part : null) ?? at ?? "";
  const pcs = /^pcs(\d+)/.exec(part) ?? /^pcs(\d+)/.exec(at ?? "");
  const cell = focusedCell(of);
  let container = 0;
  let before = 0;
  for (const row of of.plant.anatomy.containers) {
    const size = row.racks * row.modules * row.cells;
    if (cell < before + size) break;
    before += size;
    container++;
  }
  return { container, module: Math.floor((cell - before) / (of.cells?.each ?? 1)), cell: cell - before, pcs: pcs ? Number(pcs[1]) - 1 : 0 };
}

function cellOf(of: Model, part: string, at: string): number {
  const selected = of.cells ? selectedIn(of.cells) : -1;
  if (selected >= 0) return selected;
  const each = of.cells?.each ?? 1;
  const sensor = of.sensors && /\/ntc\d+$/.test(part) ? of.sensors.parts.indexOf(part) : -1;
  const places = sensor >= 0 ? sensorPlaces(of) : null;
  if (places) return Math.floor(places.places[sensor]!);
  for (const path of [part, at]) {
    const named = path === "" ? -1 : (of.cells?.parts.findIndex((cell) => cell.startsWith(`${path}/`)) ?? -1);
    if (named >= 0) return named + middle(each);
  }
  return start(of) + middle(each);
}

/** Cells (from 0) of a module that its sensors sit at. */
export function sensorsOfModule(of: Model): number[] {
  return of.sensors ? (sensorPlaces(of)?.places.slice(0, of.sensors.each) ?? []) : [];
}
