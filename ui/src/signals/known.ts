/** Which metrics have a page that explains them; asked once, when a passport could lead there. */

import { signal } from "@preact/signals";
import { api } from "../wire/api";

export const explained = signal<ReadonlySet<string> | null>(null);

const RETRY_MS = 3000;
let asking = false;

export function loadExplained(): void {
  if (explained.peek() || asking) return;
  asking = true;
  api
    .signals("en")
    .then((found) => (explained.value = new Set(found.flatMap((one) => one.signals.flatMap((row) => [row.metric, ...row.also])))))
    .catch(() => setTimeout(loadExplained, RETRY_MS))
    .finally(() => (asking = false));
}
