/** What a level shows right now, in one sentence; each number in it is a figure that opens its passport. */

import { useEffect, useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { faceOf } from "../figures/quality";
import { read, type Reading } from "../figures/reading";
import { model } from "../figures/snapshot";
import { language } from "../i18n";
import { route } from "../page/route";
import { focusedCell } from "../scene/focus";
import { piecesOf, SENTENCES } from "./sentences";
import { slotsOf } from "./slots";
import { tour } from "./state";

/** Long enough that keys held down do not read out every level that they pass. */
const SETTLE_MS = 600;
/** Long enough to say any of the sentences. */
const SAID_MS = 20_000;

interface Told {
  text: string;
  readings: Map<string, Reading>;
}

/** The sentence of a level and the readings for its gaps; without numbers where one of them has no value. */
function tell(level: number): Told | null {
  const of = model.value;
  const sentence = SENTENCES[language.value][level];
  if (!of || !sentence) return null;
  const { at, figure } = route.value;
  // where nothing is named: the part that the machine in space shows
  const looked = figure ?? at ?? of.cells?.parts[focusedCell(of)] ?? null;
  const readings = new Map<string, Reading>();
  for (const [slot, id] of slotsOf(level, of, looked)) {
    const reading = id ? read(id) : null;
    if (!reading || reading.value === null) return { text: sentence.plain, readings: new Map() };
    readings.set(slot, reading);
  }
  return { text: sentence.live, readings };
}

/** The sentence with live figures in it. */
export function LevelSentence({ level }: { level: number }) {
  const told = tell(level);
  if (!told) return null;
  return (
    <>
      {piecesOf(told.text).map((piece, i) => {
        if ("text" in piece) return piece.text;
        const { id } = told.readings.get(piece.slot)!;
        return (
          <span key={`${id} ${i}`} class="said-figure">
            <Figure id={id} as="bare" />
            {piece.mark}
          </span>
        );
      })}
    </>
  );
}

/** Under the level's question; while the tour runs it says the sentence itself. */
export function LevelSaid({ level }: { level: number }) {
  return (
    <>
      {!tour.value && (
        <p class="said" id="level-said">
          <LevelSentence level={level} />
        </p>
      )}
      <Announced key={`${level} ${language.value}`} level={level} />
    </>
  );
}

/**
 * For screen readers: the sentence as it is when the level is reached, said once and not with every new value. It is of
 * that moment: once it was said, nobody reads it any more, and the sentence above with its living figures stands alone.
 */
function Announced({ level }: { level: number }) {
  const [told, setTold] = useState<Told | null>(null);
  const [said, setSaid] = useState(false);
  const known = model.value !== null;
  useEffect(() => {
    const timers = [setTimeout(() => setTold(tell(level)), SETTLE_MS), setTimeout(() => setSaid(true), SAID_MS)];
    return () => timers.forEach(clearTimeout);
  }, [known]);
  return (
    <p class="hidden announced" aria-live="polite" aria-atomic="true" aria-hidden={said ? "true" : undefined}>
      {told && piecesOf(told.text).map((piece, i) => ("text" in piece ? piece.text : <Frozen key={i} reading={told.readings.get(piece.slot)!} mark={piece.mark} />))}
    </p>
  );
}

function Frozen({ reading, mark }: { reading: Reading; mark: string }) {
  const { id, quality, value, unit, shown, shownUnit } = reading;
  return (
    <>
      <span data-figure={id} data-quality={faceOf(quality).name} data-value={value ?? undefined} data-unit={unit}>
        <span class="figure-number">{shown}</span> <span class="figure-unit">{shownUnit}</span>
      </span>
      {mark}
    </>
  );
}
