/** Request and answer as bytes: the head by its fields, the data by registers, with the words of the value marked. */

import { useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { useWidth } from "../twin2d/size";
import { bytesOf, dissect, hexByte, linesOf, type Field, type Line } from "../wire/bytes";
import type { ReadingPassport } from "../wire/schema";
import { Copy } from "./copy";

const AROUND = 1;
const FEW = 4;
/** Room of a word and of what stands before a line, in CSS pixels. */
const WORD_PX = 38;
const LEAD_PX = 70;

export function WireBytes({ reading }: { reading: ReadingPassport }) {
  const request = bytesOf(reading.request_hex);
  const response = bytesOf(reading.response_hex);
  if (request.length === 0) return <p class="muted">{t("inspector.no_exchange")}</p>;
  const frames = dissect(request, response, reading.function_code, reading.address, reading.words_count);
  const asked = frames.request.find((field) => field.name === "address");
  const first = asked ? request[asked.from]! * 256 + request[asked.from + 1]! : 0;
  return (
    <div class="wirebytes">
      <Dump title={t("wire.request")} bytes={request} fields={frames.request} first={first} bits={false} />
      {response.length > 0 ? <Dump title={t("wire.response")} bytes={response} fields={frames.response} first={first} bits={reading.function_code <= 2} /> : <p class="muted">{t("wire.no_response")}</p>}
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

function Dump({ title, bytes, fields, first, bits }: { title: string; bytes: Uint8Array; fields: Field[]; first: number; bits: boolean }) {
  const [all, setAll] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const perLine = width - LEAD_PX >= 8 * WORD_PX ? 8 : 4;
  const lines = linesOf(bytes, fields, first, bits, perLine);
  const marked = lines.flatMap((line, i) => (line.groups.some((group) => group.name === "value") ? [i] : []));
  const near = (i: number) => all || lines.length <= FEW + 1 || lines[i]!.address === null || marked.some((at) => Math.abs(at - i) <= AROUND) || (marked.length === 0 && i < FEW);
  const shown = lines.map((_, i) => i).filter(near);
  const hex = [...bytes].map(hexByte).join(" ");
  return (
    <div class="dump">
      <p class="dump-title">
        <span>
          {title} <span class="muted">{t("wire.size", { n: bytes.length })}</span>
        </span>
        {shown.length < lines.length || all ? (
          <button type="button" class="copy" onClick={() => setAll(!all)} aria-pressed={all}>
            {t(all ? "inspector.fewer" : "inspector.all")}
          </button>
        ) : null}
        <Copy text={hex} label={`${t("copy.copy")}: ${title}`} />
      </p>
      <div class="dump-lines" ref={box} role="group" aria-label={title}>
        {width > 0 &&
          shown.map((i, n) => <DumpLine key={i} line={lines[i]!} apart={n > 0 && shown[n - 1] !== i - 1} />)}
      </div>
    </div>
  );
}

function DumpLine({ line, apart }: { line: Line; apart: boolean }) {
  return (
    <div class={apart ? "dump-line dump-gap" : "dump-line"}>
      <span class="dump-address" title={line.address === null ? undefined : t("fact.address")}>
        {line.address ?? ""}
      </span>
      <span class="dump-groups">
        {line.groups.map((group) => (
          <span key={group.from} class={`byte byte-${group.name}`} title={t(`wire.${group.name}` as Key)}>
            {[...group.bytes].map(hexByte).join("")}
          </span>
        ))}
      </span>
    </div>
  );
}
