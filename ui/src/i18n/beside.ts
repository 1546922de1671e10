/** Texts that live beside the part of the page that shows them, and come with it when it is fetched. */

import { language, type Language } from ".";

/** `say(key)` in the language in force; `{name}` is replaced from `values`. Both languages must have the same keys. */
export function beside<K extends string>(texts: Record<Language, Record<K, string>>): (key: K, values?: Record<string, string | number>) => string {
  return (key, values = {}) => texts[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
