/** What a link to a moment gets while nothing plays the past: live values, and a line that says so. */

import { language } from "../i18n";
import { beside } from "../i18n/beside";
import { navigate, route } from "./route";

const say = beside({
  en: { asked: "This link names {when}. What is shown is live.", live: "Leave that moment" },
  de: { asked: "Dieser Verweis nennt {when}. Gezeigt wird, was jetzt ist.", live: "Den Zeitpunkt verlassen" },
});

export function Moment() {
  const { time } = route.value;
  if (time === null) return null;
  const when = new Date(time).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return (
    <p class="moment" role="note">
      <span data-nav>◷ {say("asked", { when })}</span>
      <button type="button" class="switch" onClick={() => navigate({ time: null })}>
        {say("live")}
      </button>
    </p>
  );
}
