/** Numbers, days and times of the market as a person reads them. */

import { writeNumber } from "../figures/units";
import { language } from "../i18n";

export const number = (value: number, decimals = 0) => writeNumber(value, decimals, language.value);

/** The market's own clock: days and hours are those of its bidding zone, wherever the reader is. */
const ZONE = "Europe/Berlin";
const locale = () => (language.value === "de" ? "de-DE" : "en-GB");

export function day(iso: string, style: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" }): string {
  return new Date(`${iso}T12:00:00Z`).toLocaleDateString(locale(), { ...style, timeZone: "UTC" });
}

export function moment(ms: number, style: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }): string {
  return new Date(ms).toLocaleString(locale(), { ...style, timeZone: ZONE });
}

export function month(name: string): string {
  const [year, at] = name.split("-");
  if (!at) return year!;
  return new Date(Date.UTC(Number(year), Number(at) - 1, 15)).toLocaleDateString(locale(), { month: "short", year: "numeric", timeZone: "UTC" });
}

/** The local day that an instant falls into, as 2026-10-01. */
export function dayOf(ms: number): string {
  return new Date(ms).toLocaleDateString("en-CA", { timeZone: ZONE });
}

export function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** The day so many days later. */
export function later(iso: string, days: number): string {
  const at = new Date(`${iso}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}
