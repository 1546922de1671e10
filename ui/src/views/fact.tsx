/** One fact: value, unit and quality; what it means, what it rests on and what is missing when it is asked. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { openFigure } from "../page/route";
import { views, type Fact as Row, type FactPassport, type Origin } from "./answers";
import { FactTable } from "./table";
import { say } from "./words";
import { written } from "./write";

type Word = Parameters<typeof say>[0];

const word = (text: string) => say(text as Word);

/** Three shapes for how a value is known, others for what keeps it from being good. */
const BASES: Record<string, string> = { read: "●", computed: "▲", stated: "■" };
const MARKS: Record<string, string> = { missing: "✕", partly: "◐", assumption: "◇", stale: "◐" };
/** Kinds that are said beside how a value is known. */
const KINDS: readonly string[] = ["model", "bound", "plan"];
const LISTED = 12;

export function FactCard({ fact, base, open, toggle, go }: { fact: Row; base: string; open: boolean; toggle: () => void; go: (id: string) => void }) {
  const { shown, unit } = written(fact.value, fact.unit, fact.id);
  const none = fact.value === null && !fact.text;
  return (
    <li class={`fact fact-${fact.quality.replaceAll(" ", "-")}${open ? " fact-open" : ""}`} data-fact={fact.id} data-value={fact.value ?? undefined} data-unit={fact.unit} data-quality={fact.quality}>
      <button type="button" class="fact-face" aria-expanded={open} onClick={toggle}>
        <span class="fact-label">{fact.label}</span>
        <span class="fact-value">
          {fact.value !== null || !fact.text ? (
            <>
              <span class="fact-number">{shown}</span>
              {unit && <span class="fact-unit"> {unit}</span>}
            </>
          ) : (
            <span class="fact-text">{fact.text}</span>
          )}
        </span>
        <span class="fact-foot">
          {fact.basis && (
            <span class={`fact-basis fact-basis-${fact.basis}`} data-basis={fact.basis}>
              <span aria-hidden="true">{BASES[fact.basis]}</span> {word(fact.basis)}
            </span>
          )}
          {fact.quality !== "good" && (
            <span class={`fact-mark fact-mark-${fact.quality.replaceAll(" ", "-")}`}>
              <span aria-hidden="true">{MARKS[fact.quality] ?? "✕"}</span> {word(fact.quality)}
            </span>
          )}
          {KINDS.includes(fact.kind) && !none && (fact.kind === "bound" ? <strong class="fact-caveat">{say("bound")}</strong> : <span class="fact-kind">{word(fact.kind)}</span>)}
          {none && fact.missing[0] && <span class="fact-lacks">{fact.missing[0].name}</span>}
        </span>
      </button>
      {open && <Opened fact={fact} base={base} go={go} />}
    </li>
  );
}

function Opened({ fact, base, go }: { fact: Row; base: string; go: (id: string) => void }) {
  const [passport, setPassport] = useState<FactPassport | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    let over = false;
    views.passport(fact.id, base, language.value).then(
      (found) => void (over || setPassport(found)),
      (reason: Error) => void (over || setWrong(reason.message)),
    );
    return () => void (over = true);
  }, [fact.id, base, language.value]);
  return (
    <div class="fact-opened" data-passport>
      {fact.note && <p>{fact.note}</p>}
      {fact.text && fact.value !== null && <p>{fact.text}</p>}
      {fact.missing.length > 0 && (
        <>
          <h4>{say("lacking")}</h4>
          <ul class="fact-lacking">
            {fact.missing.slice(0, LISTED).map((one) => (
              <li key={`${one.kind}${one.name}`}>
                <code>{one.name}</code>: {one.why}. <span class="muted">{one.how}.</span>
              </li>
            ))}
            {fact.missing.length > LISTED && <li class="muted">{say("more", { n: fact.missing.length - LISTED })}</li>}
          </ul>
        </>
      )}
      {fact.table && <FactTable of={fact.table} />}
      <dl>
        <dt>{say("definition")}</dt>
        <dd>{fact.definition}</dd>
        <dt>{say("equation")}</dt>
        <dd>
          <code>{fact.equation}</code>
        </dd>
        <dt>{say("reference")}</dt>
        <dd>{fact.reference}</dd>
        {fact.basis && (
          <>
            <dt>{say("made")}</dt>
            <dd>
              <span aria-hidden="true">{BASES[fact.basis]}</span> {word(fact.basis)}
            </dd>
          </>
        )}
        <dt>{say("rests")}</dt>
        <dd>
          {fact.origin.length === 0 && say("none")}
          <ul class="fact-origin">
            {fact.origin.slice(0, LISTED).map((one) => (
              <Rests key={`${one.kind}${one.id}`} of={one} go={go} />
            ))}
            {fact.origin.length > LISTED && <li class="muted">{say("more", { n: fact.origin.length - LISTED })}</li>}
          </ul>
        </dd>
        {passport && passport.prices.length > 0 && (
          <>
            <dt>{say("prices")}</dt>
            <dd>{passport.attribution}</dd>
          </>
        )}
      </dl>
      {wrong && <p class="failure">✕ {wrong}</p>}
    </div>
  );
}

/** One thing that a fact rests on: a figure opens its passport, another fact opens itself. */
function Rests({ of, go }: { of: Origin; go: (id: string) => void }) {
  const { shown, unit } = written(of.value, of.unit, of.id);
  const said = `${shown}${unit ? ` ${unit}` : ""}`;
  const opens = of.kind === "figure" || of.kind === "counter" ? () => openFigure(of.id) : of.kind === "fact" ? () => go(of.id) : null;
  return (
    <li>
      {opens ? (
        <button type="button" class="fact-link" data-origin={of.id} onClick={opens}>
          {of.id}
        </button>
      ) : (
        <span>{of.id}</span>
      )}{" "}
      <span class="fact-kind">{word(`origin_${of.kind}`)}</span> {of.value !== null && <span>{said}</span>} {of.words && <span class="muted">{of.words}</span>}
    </li>
  );
}
