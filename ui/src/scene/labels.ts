/** Which figures a level hangs on the machine, and on which part. */

import { add, mix, type Point } from "../flight/pose";
import { idAt, type FieldNow } from "../levels/field";
import type { Key } from "../i18n";
import { find, type Model } from "../plant/model";
import { above } from "../plant/parts";
import type { Box } from "./box";
import { capAt, igbtAt } from "./details/converter";
import { pipes } from "./details/coolant";
import { discAt } from "./details/operating";
import { RESISTOR } from "./details/openedcell";
import { SAID_BY, watcherAt, type Watcher } from "./details/watch";
import { breakerAt, chillerFans, dcWay, DISPLAY, displayAt, PYLON, RAIL, RAIL_APART } from "./machine";
import { CELL } from "./pack";
import { cellCentre, type Placement } from "./placement";
import { cellsNow } from "./scales";
import { LIFT, type Focus } from "./views";

export const MOST = 6;

export interface Label {
  /** The figure's id; null where no register says anything about the part: then `name` does. */
  id: string | null;
  name: Key | null;
  /** The spot, fixed or (for a cell or a sensor of the plant) where the scene draws it now. */
  at: Point | { cell: number } | { sensor: number };
  /** What is wrong there, in words, and the figure that says so. */
  trouble?: { text: string; quality: string; opens: string | null };
}

const WATCHED: [Watcher, Key][] = [
  ["smoke", "safety.smoke"], ["rope", "safety.leak"], ["gas", "safety.co"], ["door", "safety.door"], ["stop", "safety.estop"], ["bottle", "safety.extinguisher"],
];

export function labelsOf(of: Model, place: Placement, level: number, focus: Focus, sensorCells: number[]): Label[] {
  const out: Label[] = [];
  const put = (part: string | null | undefined, metrics: string[], at: Point | null | undefined) => {
    const id = part && at ? metrics.map((metric) => find(of, part, metric)).find((found) => found !== null) : null;
    if (id && at && !out.some((label) => label.id === id)) out.push({ id, name: null, at });
  };
  const container = place.containers[focus.container];
  const id = container?.id;
  const module = container?.modules[focus.module];
  const rack = module ? above(module.part!, "rack") : null;
  const rackBox = container?.racks.find(({ part }) => part === rack);
  const pcs = place.pcs[focus.pcs];
  const t = place.transformer;
  const m = place.meter;
  const front = ({ centre, size }: Box, x: number, y: number): Point => add(centre, [(x * size[0]) / 2, (y * size[1]) / 2, size[2] / 2]);
  const cooling = container?.cooling.part;
  const cell = container && container.cells.length ? cellCentre(container, focus.cell) : null;
  const bus = pcs ? of.buses.find((row) => row.pcs === pcs.part)?.id : null;
  switch (level) {
    case 1:
      put("meter", ["active_power"], add(place.pylon, [0, PYLON * 0.55, 0.25]));
      put("meter", ["frequency"], add(place.pylon, [0, PYLON - 0.3, 0.98]));
      put("meter", ["energy_export"], displayAt(m));
      put("meter", ["reactive_power"], add(place.pylon, [0, PYLON * 0.25, 0.25]));
      put("meter", ["loss"], add(t.centre, [0, t.size[1] * 0.3, t.size[2] * 0.31]));
      break;
    case 2:
      for (const box of near(place.pcs, focus.pcs, 3)) {
        put(box.part, ["active_power"], add(box.centre, [0, box.size[1] / 2, 0]));
        put(box.part, ["state_running"], front(box, -0.3, 0.2));
      }
      for (const box of near(place.pcs, focus.pcs, 3)) put(box.part, ["reactive_power"], [box.centre[0] + 0.55, RAIL, RAIL_APART]);
      break;
    case 3:
      if (!container) break;
      put(rack, ["soc"], rackBox ? front(rackBox, -0.85, 0.2) : null);
      put(rack, ["current"], rackBox ? front(rackBox, 0.5, -0.3) : null);
      put(rack, ["relay_positive"], rackBox ? front(rackBox, -0.45, 0.85) : null);
      put(bus, ["voltage"], pcs ? dcWay(place, pcs)[0] : null);
      put(bus, ["soc"], front(container.shell, -0.4, 1));
      break;
    case 4: {
      const whole = cellNumber(place, focus);
      const neighbour = of.cells && whole + 1 < of.cells.parts.length ? of.cells.parts[whole + 1] : null;
      if (!cell) break;
      put(of.cells?.parts[whole], ["voltage"], add(cell, [0.029, LIFT + CELL.height / 2, 0]));
      put(neighbour, ["voltage"], container ? add(cellCentre(container, Math.min(focus.cell + 1, container.cells.length / 3 - 1)), [0, CELL.height / 2, 0]) : null);
      put(module?.part, ["cell_voltage_mean"], add(cell, [-0.17, CELL.height / 2, -0.15]));
      put(module?.part, ["ocv_residual"], add(cell, [0.17, CELL.height / 2, -0.1]));
      put(rack, ["ocv_residual"], add(cell, [0.17, CELL.height / 2, -0.1]));
      const resistor = add(cell, [RESISTOR[0], RESISTOR[1] + LIFT, RESISTOR[2]]);
      if (module && find(of, module.part!, "balancing")) put(module.part, ["balancing"], resistor);
      else out.push({ id: null, name: "macro.balancing", at: resistor });
      break;
    }
    case 5: {
      if (!container) break;
      const { supply, back } = pipes(container);
      put(cooling, ["coolant_supply_temperature"], mix(supply[0]!, supply[1]!, 0.35));
      put(id, ["coolant_supply_temperature"], mix(supply[0]!, supply[1]!, 0.35));
      put(cooling, ["coolant_return_temperature"], mix(back[0]!, back[1]!, 0.45));
      put(id, ["coolant_return_temperature"], mix(back[0]!, back[1]!, 0.45));
      put(cooling, ["coolant_flow"], mix(supply[0]!, supply[1]!, 0.05));
      put(cooling, ["heat_exchanger_fan_speed_1"], chillerFans(container.cooling)[1]);
      put(id, ["exhaust_fan_speed_1"], chillerFans(container.cooling)[1]);
      put(id, ["air_temperature"], add(container.shell.centre, [-container.shell.size[0] * 0.45, container.shell.size[1] * 0.12, 0.3]));
      put(pcs?.part, ["bms_discharge_power_limit", "bms_discharge_current_limit"], pcs ? dcWay(place, pcs)[0] : null);
      out.splice(0, out.length, ...once(out));
      break;
    }
    case 6:
      if (!module) break;
      put(module.part, ["voltage"], add(module.centre, [0, -0.2, module.size[2] / 2 + 0.05]));
      put(module.part, ["cell_voltage_sum"], add(module.centre, [0.05, 0.22, module.size[2] * 0.2]));
      put(module.part, ["soc"], add(module.centre, [-module.size[0] / 2, 0.03, module.size[2] * 0.1]));
      put(module.part, ["temperature_max"], add(module.centre, [-module.size[0] * 0.3, 0.2, -module.size[2] * 0.25]));
      put(module.part, ["insulation_positive", "insulation_negative"], add(module.centre, [module.size[0] / 2, -0.28, module.size[2] * 0.35]));
      put(module.part, ["status"], add(module.centre, [0, 0.42, -module.size[2] * 0.3]));
      break;
    case 7:
    case 8: {
      const ends = extremes(cellsNow.value);
      if (!container || !of.cells) break;
      if (ends) {
        for (const n of [ends[1], ends[0]]) {
          const found = idAt(of.cells, n);
          if (found) out.push({ id: found, name: null, at: { cell: n } });
        }
      }
      put(id, [level === 8 ? "cell_voltage_spread" : "cells_read"], add(container.shell.centre, [0, container.shell.size[1] * (level === 8 ? 0.47 : 0.62), 0]));
      put(id, ["cell_voltage_mean"], add(container.shell.centre, [-container.shell.size[0] * 0.35, container.shell.size[1] * (level === 8 ? 0.45 : 0.6), 0.3]));
      break;
    }
    case 9: {
      if (!of.sensors || !container || !module) break;
      const each = of.sensors.each;
      const inModule = focus.cell % Math.max(1, container.cells.length / 3 / container.modules.length);
      const near = sensorCells.map((at, n) => [Math.abs(at - inModule), n] as const).sort((a, b) => a[0] - b[0]).slice(0, 3);
      const firstModule = place.containers.slice(0, focus.container).reduce((sum, { modules }) => sum + modules.length, 0) + focus.module;
      const firstCell = focus.module * (container.cells.length / 3 / container.modules.length);
      for (const [, n] of near) {
        const at = add(cellCentre(container, firstCell + Math.floor(sensorCells[n]!)), [0, CELL.height / 2 + 0.018, 0]);
        put(of.sensors.parts[firstModule * each + n], ["temperature"], at);
      }
      put(of.cells?.parts[cellNumber(place, focus)], ["voltage"], cell ? add(cell, [0.05, CELL.height / 2, 0]) : null);
      break;
    }
    case 10:
      if (!pcs) break;
      for (let n = 0; n < 3; n++) put(pcs.part, [`igbt_temperature_${n + 1}`], igbtAt(pcs, n));
      put(pcs.part, ["igbt_temperature"], add(igbtAt(pcs, 7), [0, 0, 0.03]));
      put(pcs.part, ["controller_temperature"], add(pcs.centre, [0.1, -0.01, pcs.size[2] / 2 - 0.2]));
      put(pcs.part, ["fault_word_1"], front(pcs, -0.95, 0.1));
      break;
    case 11:
      if (!pcs) break;
      put(pcs.part, ["dc_voltage"], add(capAt(pcs, 1), [0, 0.05, 0.085]));
      put(bus, ["voltage"], dcWay(place, pcs)[1]);
      put(pcs.part, ["dc_current"], mix(dcWay(place, pcs)[0] ?? pcs.centre, dcWay(place, pcs)[1] ?? pcs.centre, 0.85));
      put(bus ? of.buses.find((row) => row.id === bus)?.racks[0] : null, ["relay_positive"], add(pcs.centre, [-0.42, -0.92, pcs.size[2] / 2 - 0.1]));
      put(bus ? of.buses.find((row) => row.id === bus)?.racks[0] : null, ["relay_precharge"], add(pcs.centre, [-0.42, -0.98, pcs.size[2] / 2 - 0.1]));
      put(pcs.part, ["dc_power"], add(pcs.centre, [0.4, -0.01, pcs.size[2] / 2 - 0.2]));
      break;
    case 12: {
      if (!pcs) break;
      const on = (phase: number, along: number): Point => [pcs.centre[0] + (t.centre[0] - pcs.centre[0]) * along, RAIL, phase * RAIL_APART];
      // in order of rank: where there is little room the phases stay away first
      put(pcs.part, ["active_power"], add(discAt(pcs), [-0.47, 0.1, 0]));
      put(pcs.part, ["reactive_power"], add(discAt(pcs), [-0.1, -0.47, 0]));
      put(pcs.part, ["state_grid_connected", "power_factor"], add(breakerAt(place), [0, 0.04, 0]));
      for (let phase = 0; phase < 3; phase++) put(pcs.part, [`voltage_l${phase + 1}`, `current_l${phase + 1}`], on(phase - 1, 0.08 + phase * 0.3));
      break;
    }
    case 13:
      put("meter", ["active_power"], add(displayAt(m), [-DISPLAY[0] / 2, 0.1, 0]));
      for (let phase = 0; phase < 3; phase++) put("meter", [`active_power_l${phase + 1}`], [m.centre[0] + m.size[0] / 2 + 0.12, m.centre[1] - 0.5, m.centre[2] + (phase - 1) * 0.16]);
      put("meter", ["energy_export"], add(displayAt(m), [DISPLAY[0] / 2, 0.05, 0]));
      put("meter", ["energy_import"], add(displayAt(m), [-DISPLAY[0] / 2, -0.12, 0]));
      break;
    case 14:
      if (!container) break;
      for (const [what, name] of WATCHED) {
        const at = watcherAt(container, what);
        const before = out.length;
        for (const [where, metric] of SAID_BY[what]) put(where === "pcs" ? pcs?.part : where ? `${id}/${where}` : id, [metric], at);
        if (out.length === before) out.push({ id: null, name, at });
      }
      break;
  }
  return out.slice(0, MOST);
}

/** Labels on the same spot say the same of another device: the first is enough. */
function once(labels: Label[]): Label[] {
  const seen = new Set<string>();
  return labels.filter(({ at }) => {
    const key = JSON.stringify(at);
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

function near<T>(all: T[], at: number, most: number): T[] {
  const from = Math.max(0, Math.min(at - 1, all.length - most));
  return all.slice(from, from + most);
}

/** Number over the plant of the cell that is looked at. */
export function cellNumber(place: Placement, focus: Focus): number {
  return place.containers.slice(0, focus.container).reduce((sum, { cells }) => sum + cells.length / 3, 0) + focus.cell;
}

/** Numbers of the lowest and the highest cell of this moment. */
export function extremes(now: FieldNow | null): [low: number, high: number] | null {
  if (!now?.summary) return null;
  let high = -1;
  let low = -1;
  now.values.forEach((value, n) => {
    if (Number.isNaN(value)) return;
    if (high < 0 || value > now.values[high]!) high = n;
    if (low < 0 || value < now.values[low]!) low = n;
  });
  return low < 0 ? null : [low, high];
}
