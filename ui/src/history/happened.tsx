/** What happened in the time that is looked at: alarms from when to when, links lost, what the recorder noted. */

import { useState } from "preact/hooks";
import { language } from "../i18n";
import { navigate, openFigure } from "../page/route";
import type { Mark } from "./marks";
import { say } from "./texts";

const FIRST = 20;
const SIGNS = { alarm: "▲", link: "✕", journal: "·" } as const;

export function Happened({ marks }: { marks: Mark[] }) {
  const [all, setAll] = useState(false);
  const newest = [...marks].reverse();
  const time = (ms: number) => new Date(ms).toLocaleString(language.value === "de" ? "de-DE" : "en-GB", { dateStyle: "short", timeStyle: "medium" });
  return (
    <section class="picture" aria-labelledby="happened-title">
      <h2 id="happened-title">{say("happened")}</h2>
      {marks.length === 0 && <p class="muted">{say("quiet")}</p>}
      <ol class="happened" data-happened={marks.length}>
        {newest.slice(0, all ? undefined : FIRST).map((mark) => (
          <li key={mark.key} class={`happened-${mark.kind}`}>
            <span aria-hidden="true">{SIGNS[mark.kind]}</span>{" "}
            <button type="button" class="plain" onClick={() => navigate({ time: Math.ceil(mark.t) })} data-nav>
              {time(mark.t)}
              {mark.end !== null && ` – ${mark.ended ? time(mark.end) : say("stands")}`}
            </button>{" "}
            {mark.id ? (
              <button type="button" class="plain" onClick={() => openFigure(mark.id!)}>
                {mark.text}
              </button>
            ) : (
              <span data-nav>{mark.text}</span>
            )}
            {mark.found && <span class="muted"> {say("found")}</span>}
          </li>
        ))}
      </ol>
      {newest.length > FIRST && (
        <button type="button" class="switch" onClick={() => setAll(!all)}>
          {say(all ? "fewer" : "every", { n: newest.length })}
        </button>
      )}
    </section>
  );
}
