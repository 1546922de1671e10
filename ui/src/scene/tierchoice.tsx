/** How finely the machine is drawn: as this browser bears it, or as the reader says. Kept by the browser. */

import { signal } from "@preact/signals";
import { beside } from "../i18n/beside";
import type { Tier } from "./tier";

export type Choice = "auto" | Tier;

const KEPT = "bessinside.tier";
const CHOICES: readonly Choice[] = ["auto", "full", "lite"];

const say = beside({
  en: {
    title: "Drawing", auto: "auto", full: "fine", lite: "light",
    hint: "auto: as fine as this browser draws without juddering; fine: smoothed edges, every pixel of the screen; light: one pixel for each of the page's",
  },
  de: {
    title: "Zeichnung", auto: "auto", full: "fein", lite: "leicht",
    hint: "auto: so fein, wie dieser Browser ohne Ruckeln zeichnet; fein: geglättete Kanten, jedes Pixel des Bildschirms; leicht: ein Pixel je Pixel der Seite",
  },
});

export const choice = signal<Choice>(kept());

function kept(): Choice {
  try {
    const found = localStorage.getItem(KEPT) as Choice | null;
    return found && CHOICES.includes(found) ? found : "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

function choose(next: Choice): void {
  choice.value = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    return; // the choice then lasts as long as the page
  }
}

export function TierChoice() {
  return (
    <label class="scene-tier" title={say("hint")}>
      <span class="hidden">{say("title")}</span>
      <select value={choice.value} onChange={(event) => choose(event.currentTarget.value as Choice)} data-nav>
        {CHOICES.map((each) => (
          <option key={each} value={each}>
            {`${say("title")}: ${say(each)}`}
          </option>
        ))}
      </select>
    </label>
  );
}
