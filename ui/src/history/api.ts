/** The past as the server tells it: its span, the whole plant at a moment, figures over time. */

import { ApiError } from "../wire/api";
import { readFrame, type Frame } from "../wire/frame";
import type { LevelFigure, Schema } from "../wire/schema";
import { readField } from "./field";

export interface Span {
  recording: boolean;
  start_ms: number | null;
  end_ms: number | null;
}

/** A figure drawn together; where no sweep was, there is no span. */
export interface Drawn {
  id: string;
  label: string;
  unit: string;
  step_ms: number;
  source: string;
  t: number[];
  low: (number | null)[];
  high: (number | null)[];
  mean: (number | null)[];
  count: number[];
  left_out: number[];
}

/** An alarm bit, or a code: `until` is null while it stands, `found` where it came before the span. */
export interface AlarmSpan {
  id: string;
  part: string;
  device: string;
  code: number;
  name: string;
  label: string;
  since: number;
  until: number | null;
  found: boolean;
}

/** Something that happened to the record or to a link. */
export interface Happening {
  t: number;
  kind: string;
  subject: string;
  text: string;
}

async function get(path: string): Promise<Response> {
  const response = await fetch(path, { credentials: "same-origin" });
  if (response.ok) return response;
  const said = (await response.json().catch(() => null)) as { detail?: string } | null;
  throw new ApiError(response.status, path, said?.detail ?? `${path}: HTTP ${response.status}`);
}

export const past = {
  span: async () => (await (await get("/api/history")).json()) as Span,
  series: async (id: string, from: number, to: number, points: number, language: string) => {
    return (await past.drawn([id], from, to, points, language))[0]!;
  },
  drawn: async (ids: readonly string[], from: number, to: number, points: number, language: string) => {
    const asked = new URLSearchParams({ from: String(from), to: String(to), points: String(points), lang: language });
    for (const id of ids) asked.append("id", id);
    return (await (await get(`/api/history/series?${asked}`)).json()) as Drawn[];
  },
  alarms: async (from: number, to: number, language: string) => (await (await get(`/api/history/alarms?from=${from}&to=${to}&lang=${language}`)).json()) as AlarmSpan[],
  events: async (from: number, to: number) => (await (await get(`/api/history/events?from=${from}&to=${to}`)).json()) as Happening[],
  sweeps: async (ms: number, language: string) => (await (await get(`/api/history/sweeps?t=${ms}&lang=${language}`)).json()) as LevelFigure[],
  field: async (metric: string, part: string, from: number, to: number, points: number, language: string) => {
    const asked = new URLSearchParams({ metric, part, from: String(from), to: String(to), points: String(points), lang: language });
    return readField(await (await get(`/api/history/field?${asked}`)).arrayBuffer());
  },
  schema: async (ms: number, language: string) => (await (await get(`/api/history/schema?t=${ms}&lang=${language}`)).json()) as Schema,
  frame: async (ms: number): Promise<Frame> => readFrame(await (await get(`/api/history/snapshot?t=${ms}`)).arrayBuffer()),
};
