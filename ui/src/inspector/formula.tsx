import { useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { labelOf } from "../plant/model";
import { partShort, splitId } from "../plant/parts";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { Facts } from "./register";
import type { DerivedPassport } from "../wire/schema";

const FIRST = 12;

/** A derived figure: its formula, and its inputs as figures that open in their turn. */
export function Formula({ derived }: { derived: DerivedPassport }) {
  const [all, setAll] = useState(false);
  const of = model.value!;
  const inputs = all ? derived.inputs : derived.inputs.slice(0, FIRST);
  return (
    <>
      <section class="pane">
        <h3>{t("inspector.formula")}</h3>
        <pre class="formula">
          <code>{derived.formula}</code>
        </pre>
        {derived.model && <p class="note">{t("inspector.model_note")}</p>}
        {derived.reference && (
          <p class="note">
            {t("inspector.reference")}: {derived.reference}
          </p>
        )}
        <Facts
          rows={[
            ["fact.left_out", derived.left_out],
            ["fact.skew", derived.skew_ms === null ? null : `${derived.skew_ms.toFixed(0)} ms`],
          ]}
        />
      </section>
      <section class="pane">
        <h3>{t("inspector.inputs", { n: derived.inputs_total })}</h3>
        <div class="inputs">
          {inputs.map((input) => (
            <Figure key={input.id} id={input.id} as="line" label={[partShort(splitId(input.id).part), labelOf(of, input.id)].filter(Boolean).join(" · ")} />
          ))}
        </div>
        {derived.inputs.length > FIRST && (
          <button type="button" class="switch" onClick={() => setAll(!all)}>
            {t(all ? "inspector.fewer" : "inspector.all")}
          </button>
        )}
      </section>
    </>
  );
}
