/** Request and answer as bytes, with the bytes of the value marked. */

import { useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { bytesOf, dissect, hexByte, type Field } from "../wire/bytes";
import type { ReadingPassport } from "../wire/schema";

const PER_LINE = 16;
const AROUND = 1;

export function WireBytes({ reading }: { reading: ReadingPassport }) {
  const request = bytesOf(reading.request_hex);
  const response = bytesOf(reading.response_hex);
  if (request.length === 0) return <p class="muted">{t("inspector.no_exchange")}</p>;
  const frames = dissect(request, response, reading.function_code, reading.address, reading.words_count);
  return (
    <div class="wirebytes">
      <Dump title={t("wire.request")} bytes={request} fields={frames.request} />
      {response.length > 0 ? <Dump title={t("wire.response")} bytes={response} fields={frames.response} /> : <p class="muted">{t("wire.no_response")}</p>}
      <p class="wire-key">
        {[...new Set([...frames.request, ...frames.response].map((field) => field.name))].map((name) => (
          <span key={name} class={`byte byte-${name}`}>
            {t(`wire.${name}` as Key)}
          </span>
        ))}
      </p>
    </div>
  );
}

function Dump({ title, bytes, fields }: { title: string; bytes: Uint8Array; fields: Field[] }) {
  const [all, setAll] = useState(false);
  const value = fields.find((field) => field.name === "value");
  const nameAt = (at: number) => fields.find((field) => at >= field.from && at < field.to)?.name ?? "data";
  const lines = Array.from({ length: Math.ceil(bytes.length / PER_LINE) }, (_, n) => n);
  const near = (line: number) =>
    all || lines.length <= 4 || line === 0 || (value !== undefined && line >= Math.floor(value.from / PER_LINE) - AROUND && line <= Math.floor((value.to - 1) / PER_LINE) + AROUND);
  const shown = lines.filter(near);
  return (
    <div class="dump">
      <p class="dump-title">
        {title} <span class="muted">{t("wire.size", { n: bytes.length })}</span>
        {shown.length < lines.length || all ? (
          <button type="button" class="copy" onClick={() => setAll(!all)}>
            {t(all ? "inspector.fewer" : "inspector.all")}
          </button>
        ) : null}
      </p>
      <div class="dump-lines" tabIndex={0} role="group" aria-label={title}>
        {shown.map((line, i) => (
          <div class={i > 0 && shown[i - 1] !== line - 1 ? "dump-line dump-gap" : "dump-line"} key={line}>
            <span class="dump-offset">{String(line * PER_LINE).padStart(3, "0")}</span>
            {[...bytes.slice(line * PER_LINE, (line + 1) * PER_LINE)].map((byte, n) => {
              const name = nameAt(line * PER_LINE + n);
              return (
                <span key={n} class={`byte byte-${name}`} title={t(`wire.${name}` as Key)}>
                  {hexByte(byte)}
                </span>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
