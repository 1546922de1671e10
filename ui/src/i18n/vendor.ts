/**
 * Words of maps and passports in the reader's language: names, and notes on what is doubtful. They come in English, as the
 * documents of the makers have them; what has no translation stays as it came.
 */

import { effect, signal } from "@preact/signals";
import { language } from ".";

/** `#` stands for a number, in the order of the English text. */
const words = signal<Record<string, string> | null>(null);
const NUMBER = /\b\d+\b/g;

let coming: Promise<void> | null = null;

/** Fetches the words when their language is first spoken; until then the English ones stand. */
export function followVendorWords(): () => void {
  return effect(() => {
    if (language.value === "de") void vendorWords();
  });
}

/** Done when the words are there that the language in force needs, or when they cannot be had. */
export async function vendorWords(): Promise<void> {
  if (language.peek() !== "de" || words.peek()) return;
  coming ??= Promise.all([import("./vendor.de.json"), import("./notes.de.json")]).then(
    ([named, noted]) => {
      words.value = { ...named.default, ...noted.default };
    },
    () => {
      coming = null;
    },
  );
  await coming;
}

/** For tests, and for whoever has the words already. */
export function knowVendorWords(found: Record<string, string> | null): void {
  words.value = found;
}

export function vendor(text: string): string {
  if (language.value !== "de" || !words.value) return text;
  const numbers = text.match(NUMBER) ?? [];
  const known = words.value[text] ?? words.value[text.replace(NUMBER, "#")];
  return known === undefined ? text : known.replaceAll("#", () => numbers.shift() ?? "#");
}
