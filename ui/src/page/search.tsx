import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { labelOf, type Model } from "../plant/model";
import { partTitle, splitId } from "../plant/parts";
import { levelOf, search } from "../plant/search";
import { navigate } from "./route";

/** The search box: a combobox over every id of the plant. */
export function Search() {
  const of = model.value;
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const hits = useMemo(() => (of && open ? search(of, query) : []), [of, query, open]);
  useEffect(() => {
    const leave = (event: PointerEvent) => box.current?.contains(event.target as Node) || setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, []);
  const choose = (id: string) => {
    if (of) show(of, id);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % Math.max(1, hits.length));
    } else if (event.key === "Enter" && hits[at]) {
      choose(hits[at].id);
    } else if (event.key === "Enter" && query) {
      navigate({ view: "registers", find: query });
      setOpen(false);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      setOpen(false);
    }
  };
  return (
    <div class="search" role="search" ref={box}>
      <input
        id="search"
        type="search"
        role="combobox"
        list={undefined}
        aria-label={t("search.label")}
        aria-expanded={open && hits.length > 0}
        aria-controls="search-hits"
        aria-autocomplete="list"
        aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
        placeholder={t("search.hint")}
        autoComplete="off"
        spellcheck={false}
        value={query}
        onFocus={() => setOpen(true)}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
      />
      {open && query && of && (
        <ul class="hits" id="search-hits" role="listbox" aria-label={t("search.label")}>
          {hits.map((hit, i) => {
            const { part, device } = splitId(hit.id);
            return (
              <li key={hit.id} id={`hit-${i}`} role="option" aria-selected={i === at} class={i === at ? "hit here" : "hit"} data-nav onPointerDown={() => choose(hit.id)} onPointerMove={() => setAt(i)}>
                <span>{partTitle(part)}</span>
                <span class="muted">
                  {labelOf(of, hit.id)}
                  {device ? ` · ${device}` : ""}
                </span>
              </li>
            );
          })}
          {hits.length === 0 && <li class="hit muted">{t("search.none")}</li>}
        </ul>
      )}
    </div>
  );
}

/** Goes where a figure is shown and opens its passport. */
function show(of: Model, id: string): void {
  const level = levelOf(of, id);
  const { part } = splitId(id);
  if (level === null) navigate({ view: "registers", find: id, figure: id });
  else navigate({ view: "level", level, figure: id, at: part.includes("/") ? part : null, find: null });
}
