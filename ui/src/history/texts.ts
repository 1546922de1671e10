/** Words of the past. */

import { beside } from "../i18n/beside";

export const say = beside({
  en: {
    title: "From the history",
    five: "5 min",
    day: "Day",
    week: "Week",
    month: "Month",
    none: "Nothing was recorded in this time.",
    counts: "{sweeps} sweeps, {left} of them without a value, {gaps} gaps. Line: mean; band: lowest to highest.",
    turn: "A click on the plot turns the whole page to that moment.",
    shown: "The plant as it was at {when}.",
    live: "Back to now",
    slider: "Moment",
    back: "A minute earlier",
    on: "A minute later",
    asked: "This link names {when}. No history is kept here. What is shown is live.",
  },
  de: {
    title: "Aus der Historie",
    five: "5 min",
    day: "Tag",
    week: "Woche",
    month: "Monat",
    none: "In dieser Zeit wurde nichts aufgezeichnet.",
    counts: "{sweeps} Durchläufe, {left} davon ohne Wert, {gaps} Lücken. Linie: Mittel; Band: kleinster bis größter Wert.",
    turn: "Ein Klick in den Verlauf stellt die ganze Seite auf diesen Zeitpunkt.",
    shown: "Die Anlage, wie sie am {when} war.",
    live: "Zurück zu jetzt",
    slider: "Zeitpunkt",
    back: "Eine Minute früher",
    on: "Eine Minute später",
    asked: "Dieser Verweis nennt {when}. Hier wird keine Historie geführt; gezeigt wird, was jetzt ist.",
  },
});
