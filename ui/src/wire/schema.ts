/** The answers of the API, as the page reads them. Columns of `points` and `blocks` rows are parallel arrays. */

export interface DeviceRow {
  id: string;
  label: string;
  map: string;
  map_label: string;
  url: string;
  unit: number;
  every_s: number;
}

export interface BlockRow {
  device: number;
  fc: number;
  address: number;
  count: number;
  /** Word index of the block's first register in the image. */
  offset: number;
}

export interface SymbolRow {
  value: number;
  name: string;
  label?: string | null;
}

export interface PointColumns {
  id: string[];
  device: number[];
  name: string[];
  label: string[];
  part: string[];
  metric: (string | null)[];
  unit: string[];
  fc: number[];
  address: number[];
  words: number[];
  type: string[];
  access: string[];
  /** Word index in the image, -1 where the plan does not carry the point. */
  offset: number[];
  /** Block that carries the point, -1 where none does. */
  block: number[];
  low_first: number[];
  mask: (number | null)[];
  shift: number[];
  sf: (number | null)[];
  sf_point: number[];
  add: number[];
  sign: number[];
  factor: number[];
  sentinel: (number[] | null)[];
  bcd: number[];
  suspect: (string | null)[];
  symbols: Record<string, SymbolRow[]>;
}

export interface DerivedRow {
  id: string;
  label: string;
  unit: string;
  kind: string;
  formula: string;
  digits?: number | null;
  model?: boolean;
  part?: string;
  metric?: string;
  inputs?: (string | number)[];
}

export interface Schema {
  hash: string;
  devices: DeviceRow[];
  blocks: BlockRow[];
  points: PointColumns;
  figures: DerivedRow[];
}

export interface LevelFigure {
  id: string;
  label: string;
  value: number | string | null;
  unit: string;
  quality: string | number;
  age: number | null;
}

export interface LevelRow {
  id: number;
  key: string;
  title: string;
  question: string;
  figures: LevelFigure[];
}

export interface ContainerRow {
  id: string;
  racks: number;
  modules: number;
  cells: number;
  sensors: number;
}

export interface BusRow {
  id: string;
  pcs: string | null;
  racks: string[];
}

export interface PlantRow {
  id: string;
  label: string;
  badge: "EMULATOR" | "PLANT";
  nameplate: Record<string, unknown>;
  metadata: Record<string, unknown>;
  anatomy: { containers: ContainerRow[]; buses?: BusRow[] };
  oneline?: { nodes: { id: string; kind?: string }[]; edges: unknown[] };
  sensor_positions?: unknown;
}

export interface DeviceHealth {
  id: string;
  label: string;
  state: string;
  last_sweep_ms: number | null;
  age_s: number | null;
  error: string | null;
}

export interface Health {
  status: "ok" | "starting" | "degraded";
  plant: string;
  emulated: boolean;
  devices: DeviceHealth[];
  oldest_age_s: number | null;
  readings: number;
}

export interface Session {
  required?: boolean;
  user?: string | null;
  role?: string | null;
}

export interface Step {
  name: string;
  expression: string;
  result: string;
}

export interface ReadingPassport {
  device: { id: string; label: string; url: string; host?: string; port?: number | null; unit: number };
  map: {
    id: string;
    label: string;
    document?: string | null;
    issue?: string | null;
    date?: string | null;
    file?: string | null;
    line?: number | null;
  };
  function_code: number;
  address: number;
  address_document?: number | string | null;
  words_count: number;
  access?: string | null;
  type: string;
  request_hex?: string | null;
  response_hex?: string | null;
  exchange?: {
    tid?: number | null;
    sent?: number | string | null;
    received?: number | string | null;
    ms?: number | null;
    outcome?: string | null;
  } | null;
  words?: string[] | null;
  word_order?: string | null;
  steps: Step[];
  sentinel?: unknown;
  sign?: unknown;
  scale?: unknown;
  source?: string | null;
  suspect?: string | null;
  verified_by?: string[] | null;
  range?: [number, number] | null;
  commands?: Record<string, string>;
}

export interface InputRow {
  id: string;
  label?: string;
  value: number | string | null;
  unit: string;
  quality: string | number;
}

export interface DerivedPassport {
  formula: string;
  reference?: string | null;
  model?: boolean;
  inputs: InputRow[];
}

export interface Passport {
  id: string;
  label: string;
  kind: "reading" | "derived";
  value: number | string | null;
  unit: string;
  text?: string | null;
  quality: string | number;
  age_s: number | null;
  time?: number | string | null;
  part: string;
  metric: string | null;
  reading?: ReadingPassport | null;
  derived?: DerivedPassport | null;
  trend?: { t: number[]; v: (number | null)[] } | null;
}
