/** Files of the reader's own: prices, prices of FCR, a load curve. What is wrong in one is said with line and column. */

import { useRef, useState } from "preact/hooks";
import type { FileKind } from "./answers";
import { say } from "./counted";
import { FetchFcr } from "./fetch";
import { bring, brought, sellFcr, withFcr } from "./state";
import { day, number } from "./write";

const WATT = "W";

export function OwnFiles() {
  return (
    <fieldset class="market-files">
      <legend>{say("files")}</legend>
      <OwnFile kind="prices" name={say("own_prices")} hint={say("own_prices_hint")} />
      <OwnFile kind="curve" name={say("own_curve")} hint={say("own_curve_hint")} />
      <OwnFile kind="fcr" name={say("own_fcr")} hint={say("own_fcr_hint")} />
      <FetchFcr />
      <label class="market-tick">
        <input type="checkbox" checked={withFcr.value} disabled={!brought.value.fcr} onChange={(event) => sellFcr(event.currentTarget.checked)} />
        <span>
          {say("sell_fcr")} {!brought.value.fcr && <span class="muted">({say("sell_fcr_how")})</span>}
        </span>
      </label>
      <p class="muted">{say("files_hint")}</p>
    </fieldset>
  );
}

function OwnFile({ kind, name, hint }: { kind: FileKind; name: string; hint: string }) {
  const [wrong, setWrong] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const kept = brought.value[kind];
  const take = async (file: File | null) => {
    setWrong(null);
    try {
      await bring(kind, file);
    } catch (reason) {
      setWrong((reason as Error).message);
    }
    if (input.current) input.current.value = "";
  };
  const watts = kept?.unit === WATT;
  const value = (of: number) => number(watts ? of / 1e6 : of, 2);
  return (
    <div class="market-file" data-file={kind}>
      <label>
        <span>{name}</span>
        <input ref={input} type="file" accept=".csv,.gz,.parquet,.pq" aria-label={name} title={hint} onChange={(event) => void take(event.currentTarget.files?.[0] ?? null)} />
      </label>
      {kept ? (
        <p>
          <strong>{kept.name}</strong>:{" "}
          {say("file_said", { slots: number(kept.slots), minutes: kept.minutes, first: day(kept.first), last: day(kept.last), low: value(kept.low), high: value(kept.high), unit: watts ? "MW" : kept.unit })}{" "}
          <button type="button" class="switch" onClick={() => void take(null)}>
            {say("put_away")}
          </button>
        </p>
      ) : (
        <p class="muted">{hint}</p>
      )}
      {wrong && (
        <p class="failure" role="alert">
          ✕ {wrong}
        </p>
      )}
    </div>
  );
}
