/** What a printed page must carry: which moment it shows and where it came from. */

import { snapshot } from "../figures/snapshot";
import { language, t } from "../i18n";

export function Printed() {
  const shown = snapshot.value;
  const when = shown ? new Date(shown.frame.serverMs).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { dateStyle: "medium", timeStyle: "medium" }) : t("header.no_reading");
  return (
    <p class="printed" data-nav aria-hidden="true">
      {when} · {location.href}
    </p>
  );
}
