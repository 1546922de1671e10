/** Where the NTC sensors sit among the cells of a module. */

import type { Model } from "../plant/model";

export interface Places {
  /** One fractional cell index per sensor of the plant. */
  places: number[];
  /** Whether the plant states the places; if not they are spread evenly, and the page says so. */
  stated: boolean;
}

export function sensorPlaces(of: Model): Places | null {
  if (!of.sensors || !of.cells) return null;
  const { each, modules, racks } = of.sensors;
  const cells = of.cells.each;
  const stated = readPositions(of.plant.sensor_positions, each, cells);
  const inModule = stated ?? Array.from({ length: each }, (_, n) => Math.floor(((n + 0.5) * cells) / each));
  const places: number[] = [];
  for (let module = 0; module < racks * modules; module++) {
    for (const place of inModule) places.push(module * cells + place);
  }
  return { places, stated: stated !== null };
}

/** Positions as the API gives them: cell numbers (counting from 1) of one module's sensors, as a list or by sensor name. */
export function readPositions(positions: unknown, sensors: number, cells: number): number[] | null {
  const values = Array.isArray(positions) ? positions : positions && typeof positions === "object" ? Object.values(positions) : [];
  const numbers = values.filter((value): value is number => typeof value === "number" && value >= 1 && value < cells + 1);
  return numbers.length === sensors ? numbers.map((cell) => Math.floor(cell) - 1) : null;
}
