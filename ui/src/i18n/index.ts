/** One dictionary per language; a missing key is a type error, and a test compares their placeholders. */

import { signal } from "@preact/signals";
import { de } from "./de";
import { en } from "./en";

export type Key = keyof typeof en;
export type Language = "de" | "en";

export const DICTIONARIES: Record<Language, Record<Key, string>> = { de, en };

export const language = signal<Language>("en");

/** The text of a key in the language in force; `{name}` is replaced from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = DICTIONARIES[language.value][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
