/** Every register of the plant in one table; only the rows in sight are in the document. */

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FACES } from "../figures/quality";
import { model, snapshot } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t, type Key } from "../i18n";
import { navigate, openFigure, route } from "../page/route";
import { MirrorRow } from "./row";
import { rowsOf, type SortKey, type Wanted } from "./rows";

const ROW_HEIGHT = 30;
const COLUMNS: { key: Key; sort: SortKey | null }[] = [
  { key: "mirror.device", sort: "device" },
  { key: "mirror.fc", sort: "fc" },
  { key: "mirror.address", sort: "address" },
  { key: "mirror.name", sort: "name" },
  { key: "mirror.type", sort: "type" },
  { key: "mirror.access", sort: null },
  { key: "mirror.raw", sort: "raw" },
  { key: "mirror.value", sort: "value" },
  { key: "mirror.age", sort: "age" },
  { key: "mirror.quality", sort: "quality" },
];

export function Mirror() {
  const of = model.value!;
  const [wanted, setWanted] = useState<Wanted>(() => ({ text: route.value.find ?? "", device: "", quality: null, suspect: false, sort: "device", descending: false }));
  const find = route.value.find ?? "";
  useEffect(() => setWanted((now) => ({ ...now, text: find })), [find]);
  const set = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part });
  const first = snapshot.value === null;
  // a table that sorts itself anew twice a second cannot be read: the order is that of the moment it was asked for
  const rows = useMemo(() => rowsOf(of, snapshot.peek(), wanted), [of, wanted, first]);
  return (
    <section class="view mirror" aria-labelledby="mirror-title">
      <h1 id="mirror-title">{t("nav.registers")}</h1>
      <p class="question">{t("mirror.question")}</p>
      <div class="toolbar">
        <input
          type="search"
          aria-label={t("mirror.search")}
          placeholder={t("mirror.search")}
          value={wanted.text}
          onInput={(event) => set({ text: event.currentTarget.value })}
          onBlur={() => navigate({ find: wanted.text || null }, true)}
        />
        <select aria-label={t("mirror.device")} value={wanted.device} onChange={(event) => set({ device: event.currentTarget.value })} data-nav>
          <option value="">{t("mirror.every_device")}</option>
          {of.schema.devices.map((device) => (
            <option key={device.id} value={device.id}>
              {device.label ? `${device.label} (${device.id})` : device.id}
            </option>
          ))}
        </select>
        <select aria-label={t("mirror.quality")} value={wanted.quality ?? ""} onChange={(event) => set({ quality: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}>
          <option value="">{t("mirror.every_quality")}</option>
          {FACES.map((face, code) => (
            <option key={face.name} value={code}>
              {face.mark} {t(face.key)}
            </option>
          ))}
        </select>
        <label class="check">
          <input type="checkbox" checked={wanted.suspect} onChange={(event) => set({ suspect: event.currentTarget.checked })} /> {t("mirror.suspect")}
        </label>
        <span class="muted" data-nav aria-live="polite">
          {t("mirror.count", { n: writeNumber(rows.length, 0, language.value), all: writeNumber(of.schema.points.id.length, 0, language.value) })}
        </span>
      </div>
      <Table rows={rows} wanted={wanted} onSort={(sort) => set({ sort, descending: wanted.sort === sort && !wanted.descending })} />
    </section>
  );
}

function Table({ rows, wanted, onSort }: { rows: Int32Array; wanted: Wanted; onSort(sort: SortKey): void }) {
  const of = model.value!;
  const scroll = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const [focus, setFocus] = useState(0);
  const virtual = useRef<Virtualizer<HTMLDivElement, Element> | null>(null);
  const options = {
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((n) => n + 1),
  };
  virtual.current ??= new Virtualizer(options);
  virtual.current.setOptions(options);
  useEffect(() => virtual.current!._didMount(), []);
  useEffect(() => virtual.current!._willUpdate());
  useEffect(() => {
    setFocus(0);
    scroll.current?.scrollTo(0, 0);
  }, [rows]);
  const go = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setFocus(next);
    virtual.current!.scrollToIndex(next, { align: "auto" });
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true }));
  };
  const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 300) / ROW_HEIGHT) - 2);
  const moves: Record<string, number> = { ArrowDown: focus + 1, ArrowUp: focus - 1, PageDown: focus + page, PageUp: focus - page, Home: 0, End: rows.length - 1 };
  const onKeyDown = (event: KeyboardEvent) => {
    if (moves[event.key] !== undefined) {
      event.preventDefault();
      go(moves[event.key]!);
    } else if (event.key === "Enter" && rows[focus] !== undefined) {
      event.preventDefault();
      openFigure(of.schema.points.id[rows[focus]!]!);
    }
  };
  return (
    <div class="mirror-table" role="grid" aria-label={t("nav.registers")} aria-rowcount={rows.length + 1} aria-colcount={COLUMNS.length}>
      <div class="mirror-head" role="row" aria-rowindex={1}>
        {COLUMNS.map(({ key, sort }) => (
          <div key={key} role="columnheader" class={`c-${key.slice(7)}`} aria-sort={sort === wanted.sort ? (wanted.descending ? "descending" : "ascending") : "none"}>
            {sort ? (
              <button type="button" onClick={() => onSort(sort)}>
                {t(key)} <span aria-hidden="true">{sort === wanted.sort ? (wanted.descending ? "▾" : "▴") : ""}</span>
              </button>
            ) : (
              t(key)
            )}
          </div>
        ))}
      </div>
      <div class="mirror-scroll" ref={scroll} onKeyDown={onKeyDown} role="rowgroup">
        <div class="mirror-space" style={{ height: `${virtual.current.getTotalSize()}px` }}>
          {virtual.current.getVirtualItems().map((item) => (
            <MirrorRow key={rows[item.index]} at={item.index} point={rows[item.index]!} top={item.start} focused={item.index === focus} onFocus={() => setFocus(item.index)} />
          ))}
        </div>
        {rows.length === 0 && <p class="waiting">{t("mirror.none")}</p>}
      </div>
    </div>
  );
}
