/** From the maximum to the meter, step by step; each step opens its slots, its registers and their passports. */

import { useEffect, useState } from "preact/hooks";
import { language } from "../i18n";
import { navigate, openFigure } from "../page/route";
import { market, type Bar, type Waterfall as Found } from "./answers";
import { say } from "./counted";
import { Caveat } from "./headline";
import { around } from "./realised";
import { pending } from "./state";
import { w } from "./words";
import { moment, number } from "./write";

const LISTED = 24;

type Word = Parameters<typeof say>[0];

export function Waterfall() {
  const of = around.value;
  const [found, setFound] = useState<Found | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    if (!of?.realised) return undefined;
    const leaving = new AbortController();
    market.waterfall(of.question, of.span, of.files, leaving.signal).then(
      (next) => {
        if (leaving.signal.aborted) return;
        setFound(next);
        setWrong(null);
      },
      (reason: Error) => void (leaving.signal.aborted || setWrong(reason.message)),
    );
    return () => leaving.abort();
  }, [of]);
  if (!of?.realised || (!found && !wrong)) return null;
  return (
    <section class={pending.value ? "market-part market-down market-stale" : "market-part market-down"} aria-labelledby="market-waterfall">
      <div class="market-head">
        <h2 id="market-waterfall">{say("waterfall")}</h2>
        <Caveat />
      </div>
      {wrong && <p class="failure">✕ {wrong}</p>}
      {found && <Steps of={found} />}
    </section>
  );
}

function Steps({ of }: { of: Found }) {
  const [open, setOpen] = useState<string | null>(null);
  const { question } = of;
  const levels = [of.bound_cents, of.realised_cents, 0];
  of.bars.reduce((level, bar) => (levels.push(level - bar.cents), level - bar.cents), of.bound_cents);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const x = (cents: number) => ((cents - low) / (high - low || 1)) * 100;
  let level = of.bound_cents;
  return (
    <>
      <p class="note">
        {say("battery", { power: number(question.power_w / 1e6, 2), energy: number(question.energy_wh / 1e6, 2), rte: number(question.round_trip * 100, 1), cycles: question.cycles_day === null ? w("no_cap") : number(question.cycles_day, 2) })} ·{" "}
        {say("span", { slots: number(of.slots), minutes: of.minutes, from: moment(of.start_ms), to: moment(of.end_ms) })}
        {of.start_soc !== null && ` · ${say("start", { soc: number(of.start_soc * 100, 1) })}`}
        {of.left_out > 0 && ` · ${say("span_left", { n: number(of.left_out) })}`}
      </p>
      <p class="note">{say("waterfall_hint")}</p>
      <ol class="market-fall">
        <End name={say("bound")} cents={of.bound_cents} from={x(0)} to={x(of.bound_cents)} id="bound" best />
        {of.bars.map((bar) => {
          const before = level;
          level -= bar.cents;
          return <Step key={bar.key} bar={bar} from={x(before)} to={x(level)} minutes={of.minutes} open={open === bar.key} toggle={() => setOpen(open === bar.key ? null : bar.key)} />;
        })}
        <End name={say("counted")} cents={of.realised_cents} from={x(0)} to={x(of.realised_cents)} id="realised">
          {of.meter.map((id) => (
            <Register key={id} id={id} />
          ))}
        </End>
      </ol>
      <p class="note">
        {say("alternatives")}
      </p>
      <p class="note market-credit">
        {w("attribution")}: {of.attribution}
      </p>
    </>
  );
}

interface EndProps {
  name: string;
  cents: number;
  from: number;
  to: number;
  id: string;
  best?: boolean;
  children?: preact.ComponentChildren;
}

function End({ name, cents, from, to, id, best = false, children }: EndProps) {
  return (
    <li data-step={id} data-cents={cents}>
      <span>
        {name} {best && <Caveat />}
        {children}
      </span>
      <Stretch from={from} to={to} kind={best ? "best" : "end"} />
      <span class="market-right">
        <strong>{number(cents / 100, 2)} EUR</strong>
      </span>
    </li>
  );
}

function Step({ bar, from, to, minutes, open, toggle }: { bar: Bar; from: number; to: number; minutes: number; open: boolean; toggle: () => void }) {
  const name = say(bar.key as Word);
  return (
    <li data-step={bar.key} data-cents={bar.cents}>
      <button type="button" class="market-step" aria-expanded={open} onClick={toggle}>
        <span aria-hidden="true">{open ? "▾" : "▸"}</span> {name}
        {!bar.measured && <small> {say("not_measured")}</small>}
      </button>
      <Stretch from={from} to={to} kind={bar.cents >= 0 ? "lost" : "won"} />
      <span class="market-right">{bar.cents === 0 ? `${number(0, 2)} EUR` : `${bar.cents > 0 ? "−" : "+"}${number(Math.abs(bar.cents) / 100, 2)} EUR`}</span>
      {open && <Opened bar={bar} minutes={minutes} />}
    </li>
  );
}

function Stretch({ from, to, kind }: { from: number; to: number; kind: "best" | "end" | "lost" | "won" }) {
  return (
    <svg class="market-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect x={Math.min(from, to)} width={Math.max(0.3, Math.abs(to - from))} height={10} class={`market-fall-${kind}`} />
    </svg>
  );
}

/** A step's relation, registers and slots; a slot leads to the plant at its time. */
function Opened({ bar, minutes }: { bar: Bar; minutes: number }) {
  const shown = bar.slots.slice(0, LISTED);
  return (
    <div class="market-opened" data-opened={bar.key} lang={language.value}>
      <p>
        {say("equation")}: <code>{bar.equation}</code> · {number(bar.before_eur, 2)} → {number(bar.after_eur, 2)} EUR
      </p>
      {bar.missing && <p class="muted">{say("not_measured")}: {bar.missing}</p>}
      <p>
        {say("registers")}: {bar.figures.length ? bar.figures.map((id) => <Register key={id} id={id} />) : <span class="muted">{say("no_registers")}</span>}
      </p>
      {shown.length === 0 ? (
        <p class="muted">{say("no_slots")}</p>
      ) : (
        <>
          <p class="muted">{say("of_slots", { n: shown.length, all: bar.slots_total })}</p>
          <table class="market-table">
            <thead>
              <tr>
                {(["when", "price", "wanted", "metered", "lost"] as const).map((key) => (
                  <th key={key} scope="col">
                    {say(key)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((slot) => (
                <tr key={slot.start_ms}>
                  <th scope="row">
                    <button type="button" class="market-moment" title={say("to_moment")} onClick={() => navigate({ view: "level", level: 1, figure: null, time: slot.start_ms + (minutes * 60_000) / 2 })}>
                      {moment(slot.start_ms)}
                    </button>
                  </th>
                  <td>{number(slot.price, 2)}</td>
                  <td>{number(slot.wanted_w / 1e6, 3)}</td>
                  <td>{number(slot.meter_w / 1e6, 3)}</td>
                  <td>{number(-slot.eur, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </div>
  );
}

function Register({ id }: { id: string }) {
  return (
    <button type="button" class="market-register" data-register={id} onClick={() => openFigure(id)}>
      {id}
    </button>
  );
}
