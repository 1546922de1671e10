import { t } from "../i18n";
import { startTour, tour } from "./state";

/** Starts the guided tour; the same as the key t. */
export function StartTour() {
  if (tour.value) return null;
  return (
    <button type="button" class="switch tour-start" title={t("tour.start_hint")} aria-keyshortcuts="t" onClick={startTour}>
      <span aria-hidden="true">▶</span> <span class="long">{t("tour.start")}</span>
    </button>
  );
}
