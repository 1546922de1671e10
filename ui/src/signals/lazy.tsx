/** The pages of signals come by themselves when somebody opens the first. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";

let loaded: ComponentType | null = null;

export function SignalsView() {
  const [View, setView] = useState<ComponentType | null>(() => loaded);
  useEffect(() => {
    if (View) return;
    void import("./view").then((module) => {
      loaded = module.default;
      setView(() => module.default);
    });
  }, []);
  return View ? <View /> : <p class="waiting">{t("page.loading")}</p>;
}
