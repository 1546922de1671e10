/**
 * One sentence a level. `live` has gaps that registers fill; `plain` is said where one of them has no value now, and has
 * no number: a sentence never says one that no register says.
 */

import type { Language } from "../i18n";

export interface Sentence {
  live: string;
  plain: string;
}

export const SENTENCES: Record<Language, Record<number, Sentence>> = {
  en: {
    1: {
      live: "This is where the plant meets the grid: the meter reads {power} at {frequency}; above zero the plant feeds in, below zero it draws.",
      plain: "This is where the plant meets the grid: its meter says how much flows, and which way.",
    },
    2: {
      live: "The converters turn the battery’s direct current into alternating current; this one gives {power} and, for the grid’s voltage, {reactive}.",
      plain: "The converters turn the battery’s direct current into the grid’s alternating current, and back.",
    },
    3: {
      live: "Inside the container every rack has a battery management system of its own; this one reports {soc} of charge and {current}.",
      plain: "Inside the container every rack has a battery management system of its own, which reports its charge, its current and its contactors.",
    },
    4: {
      live: "Down to one cell: {voltage} at its terminals, drawn as a point beside the open-circuit curve, which is a model and says so.",
      plain: "Down to one cell: its terminal voltage is a register, its open-circuit curve is a model and says so.",
    },
    5: {
      live: "Coolant goes in at {supply} and comes back at {back}; pumps and fans turn here only as their registers say.",
      plain: "Coolant keeps the cells at one temperature; pumps and fans turn here only as their registers say.",
    },
    6: {
      live: "A module reports {voltage} for itself, and the sum of its cells’ registers, {sum}, stands beside it as a check.",
      plain: "A module reports its voltage, and the sum of its cells’ registers stands beside it as a check.",
    },
    7: {
      live: "Every small box is one cell with a register of its own; the newest sweep read {count} of them.",
      plain: "Every small box is one cell, coloured by the register that carries its voltage.",
    },
    8: {
      live: "The highest and the lowest cell are {spread} apart; blue lies below the mean, orange above it.",
      plain: "The highest and the lowest cell limit all the others; blue lies below the mean, orange above it.",
    },
    9: {
      live: "Fewer sensors than cells: this one reads {temperature}, and where no sensor sits no temperature is drawn.",
      plain: "There are fewer sensors than cells: where no sensor sits, no temperature is drawn.",
    },
    10: {
      live: "The power semiconductors’ own sensor says {igbt}; what the chip itself reaches within a second no register this slow can show.",
      plain: "The power semiconductors have sensors of their own; what the chip itself reaches within a second no register this slow can show.",
    },
    11: {
      live: "One DC voltage, told by three: {cells} is the sum of a rack’s cells, {rack} says its battery management, {pcs} says the converter.",
      plain: "One DC voltage, told by cells, rack and converter: where they disagree, one of them is wrong.",
    },
    12: {
      live: "Active power of {active} and reactive power of {reactive} make the operating point on the converter’s disc.",
      plain: "Active and reactive power together make the operating point on each converter’s disc.",
    },
    13: {
      live: "The grid meter has counted {out} fed in and {in} drawn; everything that is earned begins with these two registers.",
      plain: "The grid meter counts what was fed in and what was drawn; everything that is earned begins with these registers.",
    },
    14: {
      live: "Smoke, gas, leaks and the emergency stop are watched by devices of their own: the smoke detector measures {smoke} of obscuration; what no register watches is hatched.",
      plain: "Smoke, gas, leaks and the emergency stop are watched by devices of their own; what no register watches is hatched.",
    },
  },
  de: {
    1: {
      live: "Hier trifft die Anlage auf das Netz: Der Zähler misst {power} bei {frequency}; über null speist die Anlage ein, unter null bezieht sie.",
      plain: "Hier trifft die Anlage auf das Netz: Ihr Zähler sagt, wie viel fließt und wohin.",
    },
    2: {
      live: "Die Umrichter machen aus dem Gleichstrom der Batterie Wechselstrom; dieser liefert {power} und für die Netzspannung {reactive}.",
      plain: "Die Umrichter machen aus dem Gleichstrom der Batterie den Wechselstrom des Netzes, und umgekehrt.",
    },
    3: {
      live: "Im Container hat jeder Strang ein eigenes Batteriemanagement; dieses meldet {soc} Ladung und {current}.",
      plain: "Im Container hat jeder Strang ein eigenes Batteriemanagement; es meldet Ladung, Strom und Schütze.",
    },
    4: {
      live: "Bis hinab zu einer Zelle: {voltage} an ihren Klemmen, als Punkt neben der Ruhespannungskurve, die ein Modell ist und so heißt.",
      plain: "Bis hinab zu einer Zelle: Ihre Klemmenspannung ist ein Register, ihre Ruhespannungskurve ein Modell, und so heißt sie auch.",
    },
    5: {
      live: "Kühlmittel geht mit {supply} hinein und kommt mit {back} zurück; Pumpen und Lüfter drehen hier nur, wie ihre Register es sagen.",
      plain: "Kühlmittel hält die Zellen auf einer Temperatur; Pumpen und Lüfter drehen hier nur, wie ihre Register es sagen.",
    },
    6: {
      live: "Ein Modul meldet für sich {voltage}; die Summe der Register seiner Zellen, {sum}, steht zur Probe daneben.",
      plain: "Ein Modul meldet seine Spannung; die Summe der Register seiner Zellen steht zur Probe daneben.",
    },
    7: {
      live: "Jedes Kästchen ist eine Zelle mit einem eigenen Register; der neueste Durchgang las {count} davon.",
      plain: "Jedes Kästchen ist eine Zelle, gefärbt nach dem Register, das ihre Spannung trägt.",
    },
    8: {
      live: "Die höchste und die niedrigste Zelle liegen {spread} auseinander; Blau liegt unter dem Mittel, Orange darüber.",
      plain: "Die höchste und die niedrigste Zelle begrenzen alle anderen; Blau liegt unter dem Mittel, Orange darüber.",
    },
    9: {
      live: "Es gibt weniger Fühler als Zellen: Dieser misst {temperature}, und wo keiner sitzt, wird keine Temperatur gezeichnet.",
      plain: "Es gibt weniger Fühler als Zellen: Wo keiner sitzt, wird keine Temperatur gezeichnet.",
    },
    10: {
      live: "Der Fühler an den Leistungshalbleitern sagt {igbt}; was der Chip selbst binnen einer Sekunde erreicht, kann kein so langsames Register zeigen.",
      plain: "Die Leistungshalbleiter haben eigene Fühler; was der Chip selbst binnen einer Sekunde erreicht, kann kein so langsames Register zeigen.",
    },
    11: {
      live: "Eine Gleichspannung, von dreien gesagt: {cells} ist die Summe der Zellen eines Strangs, {rack} sagt sein Batteriemanagement, {pcs} sagt der Umrichter.",
      plain: "Eine Gleichspannung, von Zellen, Strang und Umrichter gesagt: Wo sie sich widersprechen, hat einer unrecht.",
    },
    12: {
      live: "Wirkleistung von {active} und Blindleistung von {reactive} ergeben den Arbeitspunkt auf der Scheibe des Umrichters.",
      plain: "Wirk- und Blindleistung zusammen ergeben den Arbeitspunkt auf der Scheibe jedes Umrichters.",
    },
    13: {
      live: "Der Netzzähler hat {out} eingespeist und {in} bezogen gezählt; alles, was verdient wird, beginnt mit diesen beiden Registern.",
      plain: "Der Netzzähler zählt, was eingespeist und was bezogen wurde; alles, was verdient wird, beginnt mit diesen Registern.",
    },
    14: {
      live: "Über Rauch, Gas, Lecks und den Not-Halt wachen eigene Geräte: Der Rauchmelder misst {smoke} Trübung; worüber kein Register wacht, ist schraffiert.",
      plain: "Über Rauch, Gas, Lecks und den Not-Halt wachen eigene Geräte; worüber kein Register wacht, ist schraffiert.",
    },
  },
};

/** Text, or the name of a gap with the mark that follows it and must stay on its line. */
export type Piece = { text: string } | { slot: string; mark: string };

/** A sentence in pieces. */
export function piecesOf(text: string): Piece[] {
  return text
    .split(/(\{\w+\}[,;.:]?)/)
    .filter((piece) => piece !== "")
    .map((piece) => {
      const [, slot, mark] = /^\{(\w+)\}(.?)$/.exec(piece) ?? [];
      return slot ? { slot, mark: mark! } : { text: piece };
    });
}
