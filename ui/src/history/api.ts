/** The past as the server tells it: its span, the whole plant at a moment, figures over time. */

import { ApiError } from "../wire/api";
import { readFrame, type Frame } from "../wire/frame";
import type { Schema } from "../wire/schema";

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

async function get(path: string): Promise<Response> {
  const response = await fetch(path, { credentials: "same-origin" });
  if (response.ok) return response;
  const said = (await response.json().catch(() => null)) as { detail?: string } | null;
  throw new ApiError(response.status, path, said?.detail ?? `${path}: HTTP ${response.status}`);
}

export const past = {
  span: async () => (await (await get("/api/history")).json()) as Span,
  series: async (id: string, from: number, to: number, points: number, language: string) => {
    const asked = new URLSearchParams({ id, from: String(from), to: String(to), points: String(points), lang: language });
    return ((await (await get(`/api/history/series?${asked}`)).json()) as Drawn[])[0]!;
  },
  schema: async (ms: number, language: string) => (await (await get(`/api/history/schema?t=${ms}&lang=${language}`)).json()) as Schema,
  frame: async (ms: number): Promise<Frame> => readFrame(await (await get(`/api/history/snapshot?t=${ms}`)).arrayBuffer()),
};
