/** Texts of the tour's bar. */

import { beside } from "../i18n/beside";

export const say = beside({
  en: {
    title: "Guided tour",
    step: "Level {n} of {all}",
    previous: "Previous level",
    next: "Next level",
    pause: "Pause the tour (t)",
    resume: "Continue the tour (t)",
    end: "End the tour (Esc)",
    goes: "The tour goes on by itself",
    waits: "The tour waits",
  },
  de: {
    title: "Führung",
    step: "Ebene {n} von {all}",
    previous: "Vorige Ebene",
    next: "Nächste Ebene",
    pause: "Führung anhalten (t)",
    resume: "Führung fortsetzen (t)",
    end: "Führung beenden (Esc)",
    goes: "Die Führung geht von selbst weiter",
    waits: "Die Führung wartet",
  },
});
