/** The answers of the API, as the page reads them. Columns of `points` and `blocks` rows are parallel arrays. */

export interface DeviceRow {
  id: string;
  label: string;
  map: string;
  map_label: string;
  url: string;
  unit: number;
  every_s: number;
  /** Registers that the device answers with an exception; they are asked again once an hour. */
  refused?: number;
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
  part: string;
  model: boolean;
  /** Decimals the formula is good for, in its unit. */
  digits?: number | null;
  /** Blocks that the inputs are read from: the oldest of them is the figure's age. */
  blocks?: number[];
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
  part: string;
  value: number | null;
  text: string | null;
  unit: string;
  quality: string;
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
  power_w: number | null;
  energy_wh: number | null;
  metadata: Record<string, unknown>;
  anatomy: { containers: ContainerRow[]; buses: BusRow[] };
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
  /** How recording does; null where nothing is recorded. */
  history?: { trouble: string; waiting: number; dropped: number } | null;
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
  device: { id: string; label: string; url: string; host: string; port: number; unit: number };
  map: { id: string; label: string; document: string; issue: string; date: string; read_from: string; file: string; line: number };
  point: string;
  function_code: number;
  address: number;
  address_document: number;
  words_count: number;
  access: string;
  type: string;
  word_order: string;
  words: string[];
  request_hex: string;
  response_hex: string;
  exchange: {
    tid: number;
    sent_ms: number | null;
    received_ms: number | null;
    duration_ms: number | null;
    outcome: string;
    note: string;
  };
  /** The newest try; the bytes shown are those of the last good answer. */
  attempt: { ended_ms: number | null; outcome: string; note: string };
  steps: Step[];
  scale: string;
  sign: string;
  sentinel: string[];
  range: [number, number] | null;
  source: string;
  suspect: string | null;
  verified_by: string[];
  symbols: Record<string, string>;
  commands: Record<string, string>;
}

/** The open-circuit curve: SoC in %, voltages in V, with the two branches of the hysteresis. */
export interface OcvCurve {
  label: string;
  source: string;
  licence: string;
  temperature_c: number;
  soc: number[];
  mean: number[];
  charge: number[];
  discharge: number[];
}

export interface ExchangeFact {
  function_code: number;
  address: number;
  count: number;
  sent_ms: number | null;
  received_ms: number | null;
  outcome: string;
}

export interface InputRow {
  id: string;
  value: number | null;
  unit: string;
  quality: string;
}

export interface DerivedPassport {
  formula: string;
  reference: string;
  model: boolean;
  /** The first inputs; there may be `inputs_total` of them. */
  inputs: InputRow[];
  inputs_total: number;
  left_out: number;
  skew_ms: number | null;
  /** The exchanges of a sweep, where the figure is one of its facts. */
  exchanges?: ExchangeFact[];
}

export interface Passport {
  id: string;
  label: string;
  kind: "reading" | "derived";
  part: string;
  metric: string | null;
  value: number | null;
  text: string | null;
  unit: string;
  quality: string;
  quality_note: string;
  age_s: number | null;
  time_ms: number | null;
  emulated: boolean;
  reading: ReadingPassport | null;
  derived: DerivedPassport | null;
  trend: { t: number[]; v: (number | null)[] };
}

/** One signal page in the list; `also` are the metrics that it speaks for too. */
export interface SignalRow {
  metric: string;
  title: string;
  unit: string;
  levels: number[];
  /** Registers of this plant that carry the metric. */
  registers: number;
  also: string[];
}

export interface SubsystemRow {
  id: string;
  title: string;
  signals: SignalRow[];
}

export interface SignalScenario {
  id: string;
  title: string;
  story: string;
  levels: number[];
}

/** What a metric means. `texts` by section; `wrong` names scenarios in square brackets. */
export interface SignalPage {
  metric: string;
  title: string;
  unit: string;
  subsystem: string;
  levels: number[];
  texts: Record<string, string>;
  facts: { text: string; source: string }[];
  /** Ids of figures, at most 50 of `total`. */
  registers: string[];
  total: number;
  alike: SignalRow[];
  scenarios: SignalScenario[];
}
