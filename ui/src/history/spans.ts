/** How much time is looked at: a name that ends where the record (or the moment that is shown) ends, or from and to. */

export const MINUTE = 60_000;
export const SPANS = { five: 5 * MINUTE, hour: 60 * MINUTE, day: 1440 * MINUTE, week: 7 * 1440 * MINUTE, month: 30 * 1440 * MINUTE } as const;
export type SpanName = keyof typeof SPANS;
export const SHORTEST = 2000;

export interface Window {
  from: number;
  to: number;
  /** null after a free zoom */
  name: SpanName | null;
}

export function windowOf(text: string | null, last: number): Window {
  const free = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text ?? "");
  if (free) {
    const [from, to] = [Number(free[1]), Number(free[2])];
    if (to - from >= SHORTEST) return { from, to, name: null };
  }
  const name: SpanName = text !== null && text in SPANS ? (text as SpanName) : "hour";
  return { from: Math.max(0, last + 1 - SPANS[name]), to: last + 1, name };
}

export function writeWindow(from: number, to: number): string {
  return `${Math.round(from)}..${Math.round(to)}`;
}

/** Nearer or farther about a place (0 left, 1 right); never shorter than two seconds, never beyond the record. */
export function zoomed(at: Window, times: number, place: number, first: number, last: number): string {
  const length = Math.max(SHORTEST, Math.min((at.to - at.from) * times, last + 1 - first + MINUTE));
  const middle = at.from + (at.to - at.from) * place;
  return shifted({ from: middle - length * place, to: middle + length * (1 - place), name: null }, 0, first, last);
}

/** Moved by a share of its length, held to the record. */
export function shifted(at: Window, share: number, first: number, last: number): string {
  const length = at.to - at.from;
  const from = Math.max(Math.min(at.from + share * length, last + 1 - length / 2), first - length / 2);
  return writeWindow(Math.max(0, from), Math.max(0, from) + length);
}
