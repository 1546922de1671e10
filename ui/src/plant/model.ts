/** The plant under one index: every point and derived figure by id, part and metric. Built once per schema. */

import type { BusRow, ContainerRow, LevelRow, PlantRow, Schema } from "../wire/schema";
import { t } from "../i18n";
import { vendor } from "../i18n/vendor";
import { Decoder } from "../wire/decode";
import { kindOf, numberOf, segment, splitId } from "./parts";

/** A point (index into `schema.points`) or a derived figure (index into `schema.figures`). */
export interface Ref {
  derived: boolean;
  index: number;
}

export interface CellField {
  /** Part paths in plant order: container, rack, module, number. */
  parts: string[];
  /** Point index of each part, -1 where no register carries it. */
  points: Int32Array;
  racks: number;
  modules: number;
  each: number;
  rackParts: string[];
}

export interface Model {
  schema: Schema;
  plant: PlantRow;
  levels: LevelRow[];
  decoder: Decoder;
  refs: Map<string, Ref>;
  /** All ids of a metric at a part, plain ids first: two devices may report the same. */
  at: Map<string, string[]>;
  /** Localised labels as the levels carry them. */
  labels: Map<string, string>;
  parts: Map<string, string[]>;
  cells: CellField | null;
  sensors: CellField | null;
  buses: BusRow[];
  /** Point and figure indices of each level, for its worst quality. */
  members: Map<number, Ref[]>;
}

export function buildModel(schema: Schema, plant: PlantRow, levels: LevelRow[]): Model {
  const refs = new Map<string, Ref>();
  const at = new Map<string, string[]>();
  const parts = new Map<string, string[]>();
  const seen = new Set<string>();
  const place = (id: string, part: string, metric: string) => {
    const key = `${part}/${metric}`;
    const list = at.get(key);
    if (list) list.push(id);
    else at.set(key, [id]);
    if (!seen.has(part)) {
      seen.add(part);
      const kind = kindOf(part) ?? "other";
      const of = parts.get(kind);
      if (of) of.push(part);
      else parts.set(kind, [part]);
    }
  };
  const p = schema.points;
  for (let i = 0; i < p.id.length; i++) {
    refs.set(p.id[i]!, { derived: false, index: i });
    place(p.id[i]!, p.part[i]!, quantity(p.metric[i]) ?? splitId(p.id[i]!).metric);
  }
  schema.figures.forEach((row, index) => {
    const { part, metric } = splitId(row.id);
    refs.set(row.id, { derived: true, index });
    place(row.id, row.part || part, metric);
  });
  for (const list of parts.values()) list.sort(ORDER.compare);
  for (const ids of at.values()) ids.sort((a, b) => Number(carried(schema, refs, b)) - Number(carried(schema, refs, a)));
  const containers = plant.anatomy.containers;
  const { buses } = plant.anatomy;
  const model: Model = {
    schema, plant, levels, refs, at, parts, buses,
    decoder: new Decoder(p),
    labels: new Map(levels.flatMap((level) => level.figures.map((figure) => [figure.id, figure.label] as const))),
    cells: null,
    sensors: null,
    members: new Map(),
  };
  model.cells = fieldOf(model, containers, "cell", "voltage");
  model.sensors = fieldOf(model, containers, "sensor", "temperature");
  for (const level of levels) {
    model.members.set(level.id, level.figures.map((figure) => refs.get(figure.id)).filter((ref): ref is Ref => ref !== undefined));
  }
  return model;
}

/** `cell.voltage` and `voltage` both name the quantity `voltage`. */
function quantity(metric: string | null | undefined): string | null {
  return metric ? metric.slice(metric.indexOf(".") + 1) : null;
}

function carried(schema: Schema, refs: Map<string, Ref>, id: string): boolean {
  const ref = refs.get(id);
  return ref !== undefined && (ref.derived || schema.points.offset[ref.index]! >= 0);
}

/** The first id of a metric at a part, null where nothing carries it. */
export function find(model: Model, part: string, metric: string): string | null {
  return model.at.get(`${part}/${metric}`)?.[0] ?? null;
}

/** Every id of a metric at a part; more than one where several devices report it. */
export function findAll(model: Model, part: string, metric: string): string[] {
  return model.at.get(`${part}/${metric}`) ?? [];
}

const NONE: string[] = [];
const ORDER = new Intl.Collator("en", { numeric: true });

/** Parts of a kind in plant order. */
export function partsOf(model: Model, kind: string): string[] {
  return model.parts.get(kind) ?? NONE;
}

/** Parts of a kind that carry any of the metrics. */
export function partsWith(model: Model, kind: string, metrics: string[]): string[] {
  return partsOf(model, kind).filter((part) => metrics.some((metric) => find(model, part, metric)));
}

function fieldOf(model: Model, containers: ContainerRow[], kind: "cell" | "sensor", metric: string): CellField | null {
  const first = containers[0];
  if (!first) return null;
  const each = kind === "cell" ? first.cells : first.sensors;
  const parts: string[] = [];
  const rackParts: string[] = [];
  for (const container of containers) {
    for (let r = 1; r <= container.racks; r++) {
      const rack = `${container.id}/${segment("rack", r)}`;
      rackParts.push(rack);
      for (let m = 1; m <= first.modules; m++) {
        for (let n = 1; n <= each; n++) parts.push(`${rack}/${segment("module", m)}/${segment(kind, n)}`);
      }
    }
  }
  if (parts.length === 0) return null;
  const points = Int32Array.from(parts, (part) => {
    const ref = model.refs.get(find(model, part, metric) ?? "");
    return ref && !ref.derived ? ref.index : -1;
  });
  return points.every((index) => index < 0) ? null : { parts, points, racks: rackParts.length, modules: first.modules, each, rackParts };
}

/** The bus a rack hangs on. */
export function busOf(model: Model, rack: string): BusRow | null {
  return model.buses.find((bus) => bus.racks.includes(rack)) ?? null;
}

/** The label of a figure: as its level says it, else as the map says it. */
export function labelOf(model: Model, id: string): string {
  const known = model.labels.get(id);
  if (known) return known;
  const ref = model.refs.get(id);
  if (!ref) return splitId(id).metric.replaceAll("_", " ");
  const label = ref.derived ? model.schema.figures[ref.index]!.label : model.schema.points.label[ref.index]!;
  return vendor(label) || splitId(id).metric.replaceAll("_", " ");
}

/** Who says it, where several do: the device, or that it is derived. */
export function sourceOf(model: Model, id: string): string {
  const ref = model.refs.get(id);
  if (!ref) return "";
  return ref.derived ? t("figure.derived") : model.schema.devices[model.schema.points.device[ref.index]!]!.id;
}

/** Number of a cell or sensor within its field, -1 where it is none of it. */
export function indexIn(field: CellField | null, part: string): number {
  if (!field) return -1;
  const n = numberOf(part, "cell") ?? numberOf(part, "sensor");
  const m = numberOf(part, "module");
  const rack = field.rackParts.findIndex((path) => part.startsWith(`${path}/`));
  if (n === null || m === null || rack < 0) return -1;
  const index = (rack * field.modules + m - 1) * field.each + n - 1;
  return field.parts[index] === part ? index : -1;
}
