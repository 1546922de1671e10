import { useEffect, useRef, useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { fetched } from "./lazy";
import { navigate } from "./route";

type Finds = typeof import("./finds");

/** The search box: a combobox over everything that can be flown to. What it finds by is fetched when it is first used. */
export function Search() {
  const of = model.value;
  const [finds, setFinds] = useState<Finds | null>(null);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const hits = of && finds && open ? finds.findNow(of, query) : [];
  useEffect(() => {
    const leave = (event: PointerEvent) => box.current?.contains(event.target as Node) || setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, []);
  const begin = () => {
    setOpen(true);
    void fetched(() => import("./finds")).then((found) => {
      found.loadSignals();
      setFinds(() => found);
    });
  };
  const choose = (n: number) => {
    if (of && finds && hits[n]) finds.flyTo(of, hits[n]);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % Math.max(1, hits.length));
    } else if (event.key === "Enter" && hits[at]) {
      choose(at);
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
        onFocus={begin}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
          begin();
        }}
        onKeyDown={onKeyDown}
      />
      {open && query.trim() && of && finds && (
        <ul class="hits" id="search-hits" role="listbox" aria-label={t("search.label")}>
          {hits.map((hit, i) => {
            const { title, note } = finds.wordsOf(of, hit);
            return (
              <li key={finds.keyOf(hit)} id={`hit-${i}`} role="option" aria-selected={i === at} class={i === at ? "hit here" : "hit"} data-nav onPointerDown={() => choose(i)} onPointerMove={() => setAt(i)}>
                <span>{title}</span>
                <span class="muted">{note}</span>
              </li>
            );
          })}
          {hits.length === 0 && (
            <li class="hit muted" role="option" aria-selected={false} aria-disabled="true">
              {t("search.none")}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
