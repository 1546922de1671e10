import type { Met } from "./meet";

/** What a ray meets that carries data: which part's metric. */
export interface Datum extends Omit<Met, "index"> {
  part: string;
  metric: string;
  /** Number over the plant, where it is a cell or a sensor. */
  cell: number | null;
  sensor: number | null;
  /** Whether its value gives it its colour there; else it is clay. */
  coloured: boolean;
}
