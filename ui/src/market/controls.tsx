/** The battery that is asked about, and the days. */

import { model } from "../figures/snapshot";
import { OwnFiles } from "./files";
import { stretches } from "./known";
import { change, choose, draft, failure, prices, question, shortened, span } from "./state";
import { w } from "./words";
import { day, number } from "./write";

const MW = 1e6;
/** Steps of the power slider, MW: fine where plants are small. */
const POWERS = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12.5, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250];
const HOURS = { least: 0.5, most: 8, step: 0.25 };
const NO_CAP = 4.25;

export function Controls() {
  const asked = question.value;
  const hours = asked.energy_wh / asked.power_w;
  const power = nearest(asked.power_w / MW);
  return (
    <form class="market-controls" onSubmit={(event) => event.preventDefault()}>
      <h2>{w("battery")}</h2>
      <Slider
        name={w("power")}
        shown={`${number(asked.power_w / MW, asked.power_w < MW ? 2 : asked.power_w % MW ? 2 : 0)} MW`}
        value={power}
        from={0}
        to={POWERS.length - 1}
        step={1}
        take={(at) => change({ power_w: POWERS[at]! * MW, energy_wh: POWERS[at]! * MW * hours })}
      />
      <Slider
        name={w("hours")}
        shown={`${number(hours, 2)} h · ${number(asked.energy_wh / MW, 2)} MWh`}
        value={hours}
        from={HOURS.least}
        to={HOURS.most}
        step={HOURS.step}
        take={(value) => change({ energy_wh: asked.power_w * value })}
      />
      <Slider
        name={w("efficiency")}
        shown={`${number(asked.round_trip * 100, 1)} %`}
        value={asked.round_trip * 100}
        from={60}
        to={100}
        step={0.5}
        take={(value) => change({ round_trip: value / 100 })}
      />
      <Slider
        name={w("cycles")}
        shown={asked.cycles_day === null ? w("no_cap") : number(asked.cycles_day, 2)}
        value={asked.cycles_day ?? NO_CAP}
        from={0.25}
        to={NO_CAP}
        step={0.25}
        take={(value) => change({ cycles_day: value >= NO_CAP ? null : value })}
      />
      <Slider
        name={w("wear")}
        shown={`${number(asked.wear_eur_mwh)} EUR/MWh`}
        value={asked.wear_eur_mwh}
        from={0}
        to={60}
        step={1}
        take={(value) => change({ wear_eur_mwh: value })}
      />
      <ThisPlant />
      <Days />
      <OwnFiles />
    </form>
  );
}

interface SliderProps {
  name: string;
  shown: string;
  value: number;
  from: number;
  to: number;
  step: number;
  take: (value: number) => void;
}

function Slider({ name, shown, value, from, to, step, take }: SliderProps) {
  return (
    <label class="market-slider">
      <span>{name}</span>
      <b class="market-value">{shown}</b>
      <input type="range" min={from} max={to} step={step} value={value} aria-label={name} aria-valuetext={shown} onInput={(event) => take(event.currentTarget.valueAsNumber)} />
    </label>
  );
}

function nearest(mw: number): number {
  return POWERS.reduce((best, one, at) => (Math.abs(one - mw) < Math.abs(POWERS[best]! - mw) ? at : best), 0);
}

/** The nameplate of the plant that the page shows. */
function ThisPlant() {
  const plant = model.value?.plant;
  if (!plant?.power_w || !plant.energy_wh) return null;
  const [power, energy] = [plant.power_w, plant.energy_wh];
  return (
    <button type="button" class="switch" onClick={() => change({ power_w: power, energy_wh: energy })}>
      {w("this_plant")}: {number(power / MW, 2)} MW, {number(energy / MW, 2)} MWh
    </button>
  );
}

function Days() {
  const known = prices.value?.known ?? [];
  const now = draft.value ?? span.value;
  const take = (part: Partial<{ first: string; last: string }>) => {
    if (!now) return;
    const next = { ...now, ...part };
    draft.value = next;
    if (next.first && next.last && next.first <= next.last) void choose(next);
  };
  return (
    <fieldset class="market-days">
      <legend>{w("days")}</legend>
      <label>
        <span>{w("from")}</span>
        <input type="date" value={now?.first ?? ""} onChange={(event) => take({ first: event.currentTarget.value })} />
      </label>
      <label>
        <span>{w("to")}</span>
        <input type="date" value={now?.last ?? ""} onChange={(event) => take({ last: event.currentTarget.value })} />
      </label>
      <p class="market-known">
        <span>{w("known")}</span>
        {stretches(known).map((one) => (
          <button key={`${one.first}${one.source}`} type="button" class="switch" onClick={() => void choose({ first: one.first, last: one.last })}>
            {day(one.first, { day: "numeric", month: "short", year: one.first.slice(0, 4) === one.last.slice(0, 4) ? undefined : "numeric" })} – {day(one.last)}
            {one.source === "sample" && <span class="muted"> ({w("sample")})</span>}
          </button>
        ))}
      </p>
      {shortened.value && <p class="market-short">{w("shortened", { from: shortened.value.first, to: shortened.value.last })}</p>}
      {failure.value && (
        <p class="failure" role="alert">
          ✕ {failure.value}
        </p>
      )}
    </fieldset>
  );
}
