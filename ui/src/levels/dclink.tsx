/** Level 11: the DC voltage as cells, racks, bus and converter say it: beside each other, on one scale. */

import { useRef } from "preact/hooks";
import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { writeNumber } from "../figures/units";
import { language, t } from "../i18n";
import { find, findAll, type Model } from "../plant/model";
import { partShort, partTitle } from "../plant/parts";
import { decimalsFor } from "../twin2d/bars";
import { useWidth } from "../twin2d/size";
import { nice, ticks } from "../twin2d/statistics";
import type { BusRow } from "../wire/schema";
import "../style/dclink.css";

const NARROW = 420; // px below which numbers of five ticks would run into each other

/** One bus: its converter's and its own voltage, and for each rack the sum of its cells and what its devices say. */
interface Lines {
  bus: BusRow;
  converter: string | null;
  own: string | null;
  racks: { rack: string; sum: string | null; said: string[] }[];
}

export function DcLink() {
  const of = model.value!;
  const lists = of.buses.map((bus) => linesOf(of, bus));
  const known = lists
    .flatMap(({ converter, own, racks }) => [converter, own, ...racks.flatMap(({ sum, said }) => [sum, ...said])])
    .map((id) => (id ? read(id).value : null))
    .filter((value): value is number => value !== null && value > 0);
  const low = known.length ? Math.min(...known) : 1000;
  const high = known.length ? Math.max(...known) : 1500;
  const step = nice(Math.max(2, (high - low) / 4));
  const from = Math.floor((low - step * 0.2) / step) * step;
  const to = Math.ceil((high + step * 0.2) / step) * step;
  if (!lists.length) return <p class="picture hatched">{t("dclink.none")}</p>;
  return (
    <section class="picture two-up" aria-label={t("dclink.title")}>
      {lists.map((lines) => (
        <Bus key={lines.bus.id} lines={lines} from={from} to={to} />
      ))}
    </section>
  );
}

function linesOf(of: Model, bus: BusRow): Lines {
  return {
    bus,
    converter: bus.pcs ? find(of, bus.pcs, "dc_voltage") : null,
    own: find(of, bus.id, "voltage"),
    racks: bus.racks.map((rack) => ({ rack, sum: find(of, rack, "cell_voltage_sum"), said: findAll(of, rack, "voltage") })),
  };
}

function Bus({ lines: { bus, converter, own, racks }, from, to }: { lines: Lines; from: number; to: number }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const marks = ticks(from, to, width > 0 && width < NARROW ? 1 : 5);
  const place = (value: number) => `${((Math.max(from, Math.min(to, value)) - from) / (to - from)) * 100}%`;
  const at = (id: string | null, kind: string) => {
    const value = id ? read(id).value : null;
    return value === null || value <= 0 ? null : <span key={`${kind} ${id}`} class={`dc-mark dc-${kind}`} style={{ left: place(value) }} />;
  };
  return (
    <div>
      <h2 data-nav>
        {t("dclink.title")} · {partTitle(bus.id)}
      </h2>
      <div class="dc" ref={box}>
        <div class="dc-row dc-head">
          <span />
          <span />
          <span class="dc-key">
            <span class="dc-mark dc-sum" aria-hidden="true" /> {t("dclink.cells")}
          </span>
          <span class="dc-key">
            <span class="dc-mark dc-rack" aria-hidden="true" /> {t("dclink.racks")}
          </span>
        </div>
        {racks.map(({ rack, sum, said }) => (
          <div key={rack} class="dc-row">
            <span data-nav>{partShort(rack)}</span>
            <span class="track dc-track" aria-hidden="true">
              {marks.map((mark) => (
                <span key={mark} class="track-mark" style={{ left: place(mark) }} />
              ))}
              {at(converter, "converter")}
              {at(own, "bus")}
              {said.map((id) => at(id, "rack"))}
              {at(sum, "sum")}
            </span>
            {sum ? <Figure id={sum} as="bare" /> : <span class="absent" title={t("figure.no_register")} />}
            {said[0] ? <Figure id={said[0]} as="bare" /> : <span class="absent" title={t("figure.no_register")} />}
          </div>
        ))}
        <div class="dc-row dc-axis" data-scale aria-hidden="true">
          <span />
          <span class="axis">
            {marks.map((mark) => (
              <span key={mark} class="axis-tick" style={{ left: place(mark) }}>
                {writeNumber(mark, decimalsFor(marks), language.value)}
              </span>
            ))}
          </span>
          <span>V</span>
          <span />
        </div>
      </div>
      <p class="dc-lines">
        <Line id={converter} part={bus.pcs} kind="converter" />
        <Line id={own} part={bus.id} kind="bus" />
      </p>
    </div>
  );
}

/** What is one voltage for all racks: a line across the scale, its figure under it. */
function Line({ id, part, kind }: { id: string | null; part: string | null; kind: string }) {
  if (!part) return null;
  return (
    <span class={id ? "dc-line" : "dc-line hatched"}>
      <span class={`dc-mark dc-${kind}`} aria-hidden="true" />
      {id ? <Figure id={id} as="line" label={partTitle(part)} /> : <span data-nav>{`${partTitle(part)} · ${t("figure.no_register")}`}</span>}
    </span>
  );
}
