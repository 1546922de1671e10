import { useState } from "preact/hooks";
import { Figure } from "../figures/figure";
import { labelOf } from "../plant/model";
import { partShort, splitId } from "../plant/parts";
import { model } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t } from "../i18n";
import { vendor } from "../i18n/vendor";
import { Facts } from "./register";
import type { DerivedPassport, ExchangeFact } from "../wire/schema";

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
          <code>{vendor(derived.formula)}</code>
        </pre>
        {derived.model && <p class="note">{t("inspector.model_note")}</p>}
        {derived.reference && (
          <p class="note">
            {t("inspector.reference")}: {vendor(derived.reference)}
          </p>
        )}
        <Facts
          rows={[
            ["fact.left_out", derived.left_out],
            ["fact.skew", derived.skew_ms === null ? null : `${derived.skew_ms.toFixed(0)} ms`],
          ]}
        />
      </section>
      {derived.exchanges && derived.exchanges.length > 0 && <Exchanges rows={derived.exchanges} />}
      {derived.inputs.length > 0 && (
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
      )}
    </>
  );
}

/** The exchanges of a sweep: what was asked, when, how long the answer took, and how it ended. */
function Exchanges({ rows }: { rows: ExchangeFact[] }) {
  const first = Math.min(...rows.flatMap((row) => (row.sent_ms === null ? [] : [row.sent_ms])));
  const write = (ms: number) => writeNumber(ms, 1, language.value);
  return (
    <section class="pane">
      <h3>{t("inspector.exchanges", { n: rows.length })}</h3>
      <div class="scroll exchanges" tabIndex={0} role="group" aria-label={t("inspector.exchanges", { n: rows.length })}>
        <table class="steps">
          <thead>
            <tr>
              {(["mirror.fc", "mirror.address", "fact.words", "fact.sent_after", "fact.took", "fact.outcome"] as const).map((key) => (
                <th key={key} scope="col">
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                <td>{row.function_code}</td>
                <td>{row.address}</td>
                <td>{row.count}</td>
                <td>{row.sent_ms === null ? "—" : `${write(row.sent_ms - first)} ms`}</td>
                <td>{row.sent_ms === null || row.received_ms === null ? "—" : `${write(row.received_ms - row.sent_ms)} ms`}</td>
                <td>{vendor(row.outcome)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
