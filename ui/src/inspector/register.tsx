/** A reading: device, map, register, the two frames on the wire, and every step from words to value. */

import { live, model } from "../figures/snapshot";
import { writeTime } from "../figures/units";
import { t, type Key } from "../i18n";
import { vendor } from "../i18n/vendor";
import type { Model } from "../plant/model";
import type { Passport, ReadingPassport } from "../wire/schema";
import { WireBytes } from "./wirebytes";

export function Register({ passport, reading }: { passport: Passport; reading: ReadingPassport }) {
  return (
    <>
      <section class="pane">
        <h3>{t("inspector.register")}</h3>
        <Facts rows={registerFacts(reading)} />
      </section>
      <section class="pane">
        <h3>{t("inspector.wire")}</h3>
        <WireBytes reading={reading} />
        <Facts rows={exchangeFacts(reading)} />
      </section>
      <section class="pane">
        <h3>{t("inspector.decode")}</h3>
        <Steps reading={reading} />
        <SecondOpinion passport={passport} reading={reading} />
      </section>
      <section class="pane">
        <h3>{t("inspector.source")}</h3>
        <Facts rows={sourceFacts(reading)} />
      </section>
    </>
  );
}

export type FactRow = [key: Key, value: unknown];

export function Facts({ rows }: { rows: FactRow[] }) {
  return (
    <dl class="facts-list">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([key, value]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
    </dl>
  );
}

function registerFacts(reading: ReadingPassport): FactRow[] {
  const { device } = reading;
  return [
    ["fact.point", reading.point],
    ["fact.device", `${vendor(device.label) || device.id} (${device.id})`],
    ["fact.url", device.url],
    ["fact.unit_id", device.unit],
    ["fact.function", functionName(reading.function_code)],
    ["fact.address", `${reading.address} (0x${reading.address.toString(16).toUpperCase().padStart(4, "0")})`],
    ["fact.address_document", reading.address_document],
    ["fact.words", reading.words_count],
    ["fact.type", reading.type],
    ["fact.access", reading.access],
    ["fact.word_order", reading.words_count > 1 ? vendor(reading.word_order) : null],
    ["fact.scale", reading.scale],
    ["fact.sign", vendor(reading.sign)],
    ["fact.sentinel", reading.sentinel.join(", ")],
    ["fact.range", reading.range ? `${reading.range[0]} … ${reading.range[1]}` : null],
  ];
}

function functionName(code: number): string {
  const key = `fc.${code}` as Key;
  return [1, 2, 3, 4].includes(code) ? `${code} · ${t(key)}` : String(code);
}

function exchangeFacts({ exchange, attempt }: ReadingPassport): FactRow[] {
  const read = exchange.sent_ms !== null;
  return [
    ["fact.outcome", vendor(exchange.outcome)],
    ["fact.sent", read ? writeTime(exchange.sent_ms) : null],
    ["fact.received", read ? writeTime(exchange.received_ms) : null],
    ["fact.took", exchange.duration_ms === null ? null : `${exchange.duration_ms.toFixed(2)} ms`],
    ["fact.transaction", read ? exchange.tid : null],
    ["fact.attempt", attempt.ended_ms === null ? vendor(attempt.outcome) : `${writeTime(attempt.ended_ms)} · ${vendor(attempt.outcome)}`],
    ["fact.note", attempt.note],
  ];
}

function sourceFacts(reading: ReadingPassport): FactRow[] {
  const { map } = reading;
  return [
    ["fact.map", `${map.label} (${map.id})`],
    ["fact.document", [map.document, map.issue, map.date].filter(Boolean).join(" · ")],
    ["fact.row", reading.source],
    ["fact.read_from", map.read_from],
    ["fact.file", map.file ? `${map.file}${map.line ? `:${map.line}` : ""}` : null],
    ["fact.verified", reading.verified_by.join(" · ")],
  ];
}

function Steps({ reading }: { reading: ReadingPassport }) {
  return (
    <table class="steps">
      <tbody>
        {reading.steps.map((step, i) => (
          <tr key={i}>
            <th scope="row">{vendor(step.name)}</th>
            <td>
              <code>{vendor(step.expression)}</code>
            </td>
            <td>
              <code>{vendor(step.result)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The page decodes the passport's words by itself and says whether it comes to the server's value. */
function SecondOpinion({ passport, reading }: { passport: Passport; reading: ReadingPassport }) {
  const own = decodeHere(model.value, passport.id, reading.words);
  if (own === null || typeof passport.value !== "number") return null;
  const alike = Math.abs(own - passport.value) <= 1e-9 * Math.max(1, Math.abs(passport.value));
  return <p class={alike ? "note" : "suspect"}>{alike ? `● ${t("inspector.alike")}` : `△ ${t("inspector.different", { value: own })}`}</p>;
}

function decodeHere(of: Model | null, id: string, words: string[]): number | null {
  const ref = of?.refs.get(id);
  const shown = live.value;
  if (!of || !shown || !ref || ref.derived || words.length === 0) return null;
  const { value, state } = of.decoder.decodeWords(ref.index, words.map((word) => parseInt(word, 16)), shown.frame.words);
  return state === 0 ? value : null;
}
