/** The figures that a level's sentence names: which register fills each gap on this plant. */

import { find, partsOf, type Model } from "../plant/model";
import { above, type Kind } from "../plant/parts";

/** Id of a figure, null where this plant has none. `looked` is the part that the address names. */
export type Pick = (of: Model, looked: string | null) => string | null;

/** The first of the metrics at a part of a kind: at the one looked at, else at the first that carries any. */
function at(kind: Kind, ...metrics: string[]): Pick {
  return (of, looked) => {
    const own = looked && above(looked, kind);
    const parts = own ? [own, ...partsOf(of, kind)] : partsOf(of, kind);
    for (const part of parts) {
      for (const metric of metrics) {
        const id = find(of, part, metric);
        if (id) return id;
      }
    }
    return null;
  };
}

/** The first pick that finds something. */
function either(...picks: Pick[]): Pick {
  return (of, looked) => {
    for (const pick of picks) {
      const id = pick(of, looked);
      if (id) return id;
    }
    return null;
  };
}

const PER_LEVEL: Record<number, Record<string, Pick>> = {
  1: { power: either(at("meter", "active_power"), at("pcs", "active_power")), frequency: either(at("meter", "frequency"), at("pcs", "frequency")) },
  2: { power: at("pcs", "active_power"), reactive: at("pcs", "reactive_power") },
  3: { soc: at("rack", "soc"), current: at("rack", "current") },
  4: { voltage: at("cell", "voltage") },
  5: {
    supply: either(at("cooling", "coolant_supply_temperature"), at("container", "coolant_supply_temperature")),
    back: either(at("cooling", "coolant_return_temperature"), at("container", "coolant_return_temperature")),
  },
  6: { voltage: at("module", "voltage"), sum: at("module", "cell_voltage_sum") },
  7: { count: at("container", "cells_read") },
  8: { spread: either(at("container", "cell_voltage_spread"), at("rack", "cell_voltage_spread")) },
  9: { temperature: at("sensor", "temperature") },
  10: { igbt: at("pcs", "igbt_temperature", "igbt_temperature_1", "heat_sink_temperature") },
  11: { cells: at("rack", "cell_voltage_sum"), rack: at("rack", "voltage"), pcs: at("pcs", "dc_voltage") },
  12: { active: at("pcs", "active_power"), reactive: at("pcs", "reactive_power") },
  13: { out: at("meter", "energy_export"), in: at("meter", "energy_import") },
  14: { smoke: at("smoke", "obscuration") },
};

export function slotsOf(level: number, of: Model, looked: string | null): Map<string, string | null> {
  return new Map(Object.entries(PER_LEVEL[level] ?? {}).map(([name, pick]) => [name, pick(of, looked)]));
}
