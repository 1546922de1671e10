/** What a reading is worth: the codes of the wire, their marks and their order. */

import type { Key } from "../i18n";

export const enum Quality {
  None = 0,
  Good = 1,
  Stale = 2,
  NotImplemented = 3,
  Implausible = 4,
  Exception = 5,
  NoAnswer = 6,
  NotMapped = 7,
}

interface Face {
  name: string;
  mark: string;
  key: Key;
}

export const FACES: readonly Face[] = [
  { name: "none", mark: "–", key: "quality.none" },
  { name: "good", mark: "●", key: "quality.good" },
  { name: "stale", mark: "◐", key: "quality.stale" },
  { name: "not-implemented", mark: "◌", key: "quality.not_implemented" },
  { name: "implausible", mark: "△", key: "quality.implausible" },
  { name: "exception", mark: "✕", key: "quality.exception" },
  { name: "no-answer", mark: "✕", key: "quality.no_answer" },
  { name: "not-mapped", mark: "◌", key: "quality.not_mapped" },
];

// from what needs nobody to what needs somebody most
const ORDER = [Quality.Good, Quality.NotMapped, Quality.NotImplemented, Quality.None, Quality.Stale, Quality.Implausible, Quality.Exception, Quality.NoAnswer];
export const RANK: readonly number[] = FACES.map((_, code) => ORDER.indexOf(code));

export function faceOf(quality: number): Face {
  return FACES[quality] ?? FACES[Quality.None]!;
}

const NAMES: Record<string, Quality> = {
  "no reading yet": Quality.None,
  none: Quality.None,
  good: Quality.Good,
  stale: Quality.Stale,
  "not implemented": Quality.NotImplemented,
  sentinel: Quality.NotImplemented,
  implausible: Quality.Implausible,
  "device exception": Quality.Exception,
  exception: Quality.Exception,
  "no answer": Quality.NoAnswer,
  "not mapped": Quality.NotMapped,
};

/** The API writes qualities as words, the frames as codes. */
export function qualityOf(quality: string | number | null | undefined): Quality {
  if (typeof quality === "number") return quality;
  return NAMES[(quality ?? "").toLowerCase().replaceAll(/[_-]/g, " ")] ?? Quality.None;
}

/** Whether a reading of this quality speaks of now: neither late nor silent. */
export function isFresh(quality: number): boolean {
  return quality === Quality.Good || quality === Quality.Implausible;
}

/** Whether a value of this quality may be shown as a number at all. */
export function hasValue(quality: number): boolean {
  return quality !== Quality.None && quality !== Quality.NotImplemented && quality !== Quality.NotMapped;
}
