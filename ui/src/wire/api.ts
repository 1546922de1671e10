/** Calls to the product's own API; the page has one origin and no other server. */

import type { Health, LevelFigure, LevelRow, OcvCurve, Passport, PlantRow, Schema, Session, SignalPage, SubsystemRow } from "./schema";

export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" }, ...init });
  if (!response.ok) throw new ApiError(response.status, path, `${path}: HTTP ${response.status} ${response.statusText}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** A figure id in a URL path: every segment encoded, the slashes kept. */
export function figurePath(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}

export const api = {
  session: () => call<Session>("/api/session"),
  signIn: (user: string, password: string) =>
    call<Session>("/api/session", {
      method: "POST",
      body: JSON.stringify({ user, password }),
      headers: { Accept: "application/json", "Content-Type": "application/json" },
    }),
  signOut: () => call<void>("/api/session", { method: "DELETE" }),
  health: () => call<Health>("/api/health"),
  plant: () => call<PlantRow>("/api/plant"),
  schema: (language: string) => call<Schema>(`/api/schema?lang=${language}`),
  levels: (language: string) => call<LevelRow[]>(`/api/levels?lang=${language}`),
  sweeps: (language: string) => call<LevelFigure[]>(`/api/sweeps?lang=${language}`),
  ocv: () => call<OcvCurve>("/api/curves/ocv"),
  signals: (language: string) => call<SubsystemRow[]>(`/api/signals?lang=${language}`),
  signal: (metric: string, language: string) => call<SignalPage>(`/api/signals/${encodeURIComponent(metric)}?lang=${language}`),
  /** `at`: a moment that is past, ms since 1970, else now. */
  passport: (id: string, language: string, at: number | null = null) =>
    call<Passport>(at === null ? `/api/figures/${figurePath(id)}/passport?lang=${language}` : `/api/history/figures/${figurePath(id)}/passport?t=${at}&lang=${language}`),
};
