/** One dictionary per language, fetched when it is spoken; a missing key is a type error, and a test compares their placeholders. */

import { batch, signal } from "@preact/signals";
import type { en } from "./en";

export type Key = keyof typeof en;
export type Language = "de" | "en";
type Dictionary = Record<Key, string>;

const LOADERS: Record<Language, () => Promise<Dictionary>> = {
  de: async () => (await import("./de")).de,
  en: async () => (await import("./en")).en,
};

const dictionary = signal<Partial<Dictionary>>({});

/** The language in force: always the one of the texts, so that no text and no number is ever ahead of the others. */
export const language = signal<Language>("en");

/** Fetches a language and changes to it; rejects where its texts cannot be fetched. */
export async function speak(next: Language): Promise<void> {
  const texts = await LOADERS[next]();
  batch(() => {
    dictionary.value = texts;
    language.value = next;
  });
}

/** The text of a key in the language in force; `{name}` is replaced from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = dictionary.value[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
