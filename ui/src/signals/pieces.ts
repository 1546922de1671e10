/** A text with its scenarios: what stands in square brackets becomes the number of the scenario in the list. */

const UNITS = "%|°C|K|kV|V|mV|kA|A|µA|MW|kW|W|MWh|kWh|Wh|kVA|kvar|Hz|mHz|MΩ|kΩ|Ω|Ah|ppm|bar|min|ms|s|h|m|kg|rpm|Tage|days";
const BEFORE_UNIT = new RegExp(`(\\d) (?=(?:${UNITS})(?![\\wµ]))`, "g");

/** A number and its unit stay on one line. */
export function held(text: string): string {
  return text.replace(BEFORE_UNIT, "$1\u00a0");
}

export type Piece = string | { number: number };

/** `falls behind [weak-cell].` with `["weak-cell"]` gives `["falls behind", { number: 1 }, "."]`; unknown ids stay text. */
export function pieces(text: string, scenarios: string[]): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\s?\[([a-z0-9-]+)\]/g)) {
    const number = scenarios.indexOf(match[1]!) + 1;
    if (number === 0) continue;
    found.push(text.slice(from, match.index), { number });
    from = match.index + match[0].length;
  }
  found.push(text.slice(from));
  return found.filter((piece) => piece !== "");
}
