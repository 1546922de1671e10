/** What was fetched takes the place of a file that the reader opened. */

import type { Fetched } from "./answers";
import { brought, sellFcr } from "./state";

export function take(found: Fetched): void {
  if (!found.file) return;
  brought.value = { ...brought.value, fcr: found.file };
  sellFcr(true);
}
