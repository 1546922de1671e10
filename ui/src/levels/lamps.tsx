/** A status or alarm word as a strip of lamps, one per bit, with the names that the map gives them. */

import { Age, Mark, Suspect } from "../figures/figure";
import { faceOf } from "../figures/quality";
import { bitsOf, codeKind, read, symbolText } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { openFigure, route } from "../page/route";
import type { SymbolRow } from "../wire/schema";

const ALARMING = /(alarm|fault|leak|fire|relays|maintenance|estop)/;

export function Lamps({ id, label }: { id: string; label?: string }) {
  const of = model.value!;
  const reading = read(id);
  const ref = of.refs.get(id);
  const point = ref && !ref.derived ? ref.index : -1;
  const bits = point < 0 ? 0 : Math.min(32, bitsOf(of, point));
  const strip = point >= 0 && (codeKind(of, point, reading.metric) === "bits" || bits === 1) ? bits : 0;
  // a set bit is a warning only where the word is one
  const lit = ALARMING.test(reading.metric) ? " lit" : " on";
  const symbols = point < 0 ? [] : (of.schema.points.symbols[point] ?? []);
  return (
    <button
      type="button"
      class="lamps"
      data-figure={id}
      data-quality={faceOf(reading.quality).name}
      data-value={reading.value ?? undefined}
      data-unit={reading.unit}
      aria-pressed={route.value.figure === id}
      onClick={() => openFigure(id)}
    >
      <span class="lamps-label">{label ?? reading.label}</span>
      <span class="lamps-strip" aria-hidden="true">
        {Array.from({ length: strip }, (_, bit) => (
          <span key={bit} class={`lamp${isSet(reading.value, bit) ? lit : ""}${reading.value === null ? " hatched" : ""}`} title={nameOf(symbols, bit)} />
        ))}
      </span>
      <span class="lamps-value">
        <span class="figure-number">{reading.shown}</span> <span class="figure-unit">{reading.value === 0 && strip > 1 ? t("bits.none") : reading.shownUnit}</span>
      </span>
      <span class="lamps-foot">
        <Mark quality={reading.quality} text /> <Age seconds={reading.ageS} />
        {reading.suspect && <Suspect why={reading.suspect} short />}
      </span>
    </button>
  );
}

function isSet(value: number | null, bit: number): boolean {
  return value !== null && ((BigInt(Math.trunc(value)) >> BigInt(bit)) & 1n) === 1n;
}

function nameOf(symbols: SymbolRow[], bit: number): string {
  const symbol = symbols.find((row) => row.value === bit);
  return symbol ? `b${bit} ${symbolText(symbol)}` : `b${bit}`;
}
