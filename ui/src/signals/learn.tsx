/** The way from a passport to the page that explains its signal. */

import { useEffect } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { kindOf, splitId } from "../plant/parts";
import { explained, loadExplained } from "./known";
import { openSignal } from "./opening";

export function Learn({ id }: { id: string }) {
  useEffect(loadExplained, []);
  const metric = metricOf(id);
  if (!metric || !explained.value?.has(metric)) return null;
  return (
    <button type="button" class="switch learn" onClick={() => openSignal(metric)}>
      {t("signals.learn")}
    </button>
  );
}

/** The metric of a figure: as its register says, or for a derived one what its id says. */
export function metricOf(id: string): string | null {
  const ref = model.value?.refs.get(id);
  if (ref && !ref.derived) return model.value!.schema.points.metric[ref.index] ?? null;
  const { part, metric } = splitId(id);
  const kind = kindOf(part);
  return kind ? `${kind}.${metric}` : null;
}
