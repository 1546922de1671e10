/** Adding a figure by search: words, ids, registers; arrow keys and Enter. */

import { useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { labelOf } from "../plant/model";
import { partTitle, splitId } from "../plant/parts";
import { search } from "../plant/search";
import { say } from "./texts";

const MOST = 8;

export function Pick({ chosen, full, onPick }: { chosen: readonly string[]; full: boolean; onPick(id: string): void }) {
  const of = model.value;
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const hits = of && query.trim() && open ? search(of, query, MOST + chosen.length).map(({ id }) => id).filter((id) => !chosen.includes(id)).slice(0, MOST) : [];
  const pick = (id: string) => {
    onPick(id);
    setQuery("");
    setAt(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % Math.max(1, hits.length));
    } else if (event.key === "Enter" && hits[at]) {
      event.preventDefault();
      pick(hits[at]);
    } else if (event.key === "Escape" && open && query) {
      event.preventDefault();
      setQuery("");
    }
  };
  return (
    <div class="pick">
      <input
        type="search"
        role="combobox"
        list={undefined}
        aria-label={say("add")}
        aria-expanded={hits.length > 0}
        aria-controls="pick-hits"
        aria-autocomplete="list"
        aria-activedescendant={hits[at] ? `pick-${at}` : undefined}
        placeholder={say(full ? "full" : "add")}
        disabled={full || !of}
        autoComplete="off"
        spellcheck={false}
        value={query}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
      />
      {of && open && query.trim() && (
        <ul class="hits" id="pick-hits" role="listbox" aria-label={say("add")}>
          {hits.map((id, i) => (
            <li key={id} id={`pick-${i}`} role="option" aria-selected={i === at} class={i === at ? "hit here" : "hit"} data-nav onPointerDown={(event) => {
              event.preventDefault(); // the field keeps the focus
              pick(id);
            }}>
              <span>{labelOf(of, id)}</span>
              <span class="muted">{partTitle(splitId(id).part)}</span>
            </li>
          ))}
          {hits.length === 0 && (
            <li class="hit muted" role="option" aria-selected={false} aria-disabled="true">
              {say("nothing")}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
