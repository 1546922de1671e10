/** The one-line diagram: grid, meter, transformer, converters, DC buses, racks, with the registers' values on it. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, labelOf, partsOf, type Model } from "../plant/model";
import { partShort, partTitle, splitId } from "../plant/parts";
import { goToLevel, navigate } from "../page/route";
import { Bar } from "../twin2d/bars";
import type { BusRow } from "../wire/schema";

export function OneLine({ detail }: { detail: "meter" | "pcs" }) {
  const of = model.value!;
  const converters = partsOf(of, "pcs");
  const branches = converters.map((pcs) => ({ pcs, bus: of.buses.find((bus) => bus.pcs === pcs) ?? null }));
  const loose = of.buses.filter((bus) => !converters.includes(bus.pcs ?? ""));
  const rated = ratedPower(of);
  const transformed = isTransformed(of, converters);
  const temperature = converters.map((pcs) => find(of, pcs, "transformer_temperature")).find(Boolean) ?? null;
  return (
    <section class="picture oneline" aria-label={t("oneline.title")}>
      <div class={transformed ? "ol" : "ol ol-direct"}>
        <div class="ol-grid" aria-hidden="true">
          <Pylon />
          <span>{t("oneline.grid")}</span>
        </div>
        <Wire power={find(of, "meter", "active_power")} rated={rated} />
        <Card part="meter" level={13} metrics={detail === "meter" ? ["active_power", "reactive_power", "frequency", "energy_export", "energy_import"] : ["active_power", "frequency"]} />
        <Wire power={find(of, "meter", "active_power")} rated={rated} />
        {transformed && (
          <div class={`ol-transformer${temperature ? "" : " hatched"}`}>
            <Transformer />
            <span class="ol-title">{t("oneline.transformer")}</span>
            {temperature ? <Figure id={temperature} as="bare" /> : <span class="muted">{t("figure.no_register")}</span>}
          </div>
        )}
        <div class="ol-branches">
          {branches.map(({ pcs, bus }) => (
            <Branch key={pcs} pcs={pcs} bus={bus} rated={rated === null ? null : rated / converters.length} detail={detail} />
          ))}
          {loose.map((bus) => (
            <Branch key={bus.id} pcs={null} bus={bus} rated={null} detail={detail} />
          ))}
        </div>
      </div>
    </section>
  );
}

const ALIKE = 1.2;

/** Whether a transformer stands between meter and converters: not where both measure the same voltage. */
export function isTransformed(of: Model, converters: string[]): boolean {
  const volts = (part: string) => {
    const id = find(of, part, "voltage_l1");
    return id ? read(id).value : null;
  };
  const meter = volts("meter");
  const converter = converters.map(volts).find((value) => value !== null && value > 0);
  if (meter === null || meter <= 0 || converter === undefined || converter === null) return true;
  return Math.max(meter, converter) / Math.min(meter, converter) > ALIKE;
}

export function ratedPower(of: Model): number | null {
  return of.plant.power_w !== null && of.plant.power_w > 0 ? of.plant.power_w : null;
}

function Branch({ pcs, bus, rated, detail }: { pcs: string | null; bus: BusRow | null; rated: number | null; detail: "meter" | "pcs" }) {
  const of = model.value!;
  const power = pcs ? find(of, pcs, "active_power") : null;
  const direct = pcs ? (find(of, pcs, "dc_power") ?? power) : null;
  return (
    <div class="ol-branch">
      <Wire power={power} rated={rated} />
      {pcs && <Card part={pcs} level={2} metrics={detail === "pcs" ? ["active_power", "reactive_power", "active_power_setpoint", "efficiency", "igbt_temperature"] : ["active_power", "reactive_power"]} states />}
      <Wire power={direct} rated={rated} />
      {bus && <Card part={bus.id} level={11} metrics={detail === "pcs" ? ["voltage", "current", "soc"] : ["voltage", "soc"]} />}
      <Wire power={direct} rated={rated} />
      {bus && <Racks racks={bus.racks} voltages={detail === "pcs"} />}
    </div>
  );
}

const STATES = ["state_fault", "state_alarm", "state_running", "state_standby", "state_shutdown"];

function Card({ part, metrics, level, states = false }: { part: string; metrics: string[]; level: number; states?: boolean }) {
  const of = model.value!;
  const ids = metrics.map((metric) => find(of, part, metric)).filter((id): id is string => id !== null);
  const lit = states ? STATES.map((metric) => find(of, part, metric)).filter((id): id is string => id !== null && read(id).value === 1) : [];
  return (
    <div class={`ol-card${ids.length ? "" : " hatched"}`}>
      <button type="button" class="ol-title" data-nav onClick={() => goToLevel(level)} title={t("oneline.go")}>
        {partTitle(part)}
      </button>
      {ids.length === 0 && <span class="muted">{t("figure.no_register")}</span>}
      {lit.map((id) => (
        <Figure key={id} id={id} as="line" />
      ))}
      {ids.map((id) => (
        <Figure key={id} id={id} as="line" label={symbolOf(id)} />
      ))}
    </div>
  );
}

const SYMBOLS: Record<string, string> = {
  active_power: "P", reactive_power: "Q", frequency: "f", voltage: "U", current: "I", soc: "SoC", efficiency: "η", igbt_temperature: "IGBT",
};

/** The quantity's symbol, as a diagram writes it; a word where it has none. */
function symbolOf(id: string): string {
  const { metric } = splitId(id);
  if (SYMBOLS[metric]) return SYMBOLS[metric];
  return metric === "energy_export" || metric === "energy_import" || metric === "active_power_setpoint" ? t(`oneline.${metric}`) : labelOf(model.value!, id);
}

function Racks({ racks, voltages }: { racks: string[]; voltages: boolean }) {
  const of = model.value!;
  return (
    <div class={voltages ? "ol-racks ol-racks-wide" : "ol-racks"}>
      {racks.map((rack) => {
        const soc = find(of, rack, "soc");
        const current = find(of, rack, "current");
        const voltage = voltages ? find(of, rack, "voltage") : null;
        return (
          <div class={`ol-rack${soc ? "" : " hatched"}`} key={rack}>
            <button type="button" class="ol-rack-name" data-nav onClick={() => navigate({ view: "level", level: 6, at: rack, figure: null })}>
              {partShort(rack)}
            </button>
            <Bar value={soc ? read(soc).value : null} from={0} to={100} />
            {soc && <Figure id={soc} as="bare" />}
            {voltage && <Figure id={voltage} as="bare" />}
            {current && <Figure id={current} as="bare" />}
          </div>
        );
      })}
    </div>
  );
}

/** A line that flows as its register says: direction by sign, three speeds by share of the rated power, still below 1 %. */
export function Wire({ power, rated }: { power: string | null; rated: number | null }) {
  const reading = power ? read(power) : null;
  const flow = flowOf(reading?.value ?? null, rated);
  return (
    <div class="wire" data-direction={flow.direction} data-speed={flow.speed} role="img" aria-label={t(`flow.${flow.direction}`)}>
      <span class="wire-arrow" aria-hidden="true" />
    </div>
  );
}

export function flowOf(value: number | null, rated: number | null): { direction: "out" | "in" | "still" | "unknown"; speed: number } {
  if (value === null || rated === null) return { direction: "unknown", speed: 0 };
  const share = Math.abs(value) / rated;
  if (share < 0.01) return { direction: "still", speed: 0 };
  return { direction: value > 0 ? "out" : "in", speed: share < 0.1 ? 1 : share < 0.5 ? 2 : 3 };
}

function Pylon() {
  return (
    <svg viewBox="0 0 48 64" width="48" height="64" fill="none" stroke="currentColor" stroke-width="1.5">
      <path d="M24 4 14 62M24 4l10 58M8 16h32M4 28h40M18 40h12M20 28l10 12M28 28 18 40M16 50l16-10M32 50 16 40M14 62l18-12M34 62 16 50M20 16l8 12M28 16l-8 12" />
    </svg>
  );
}

function Transformer() {
  return (
    <svg viewBox="0 0 64 40" width="64" height="40" fill="none" stroke="currentColor" stroke-width="1.75" aria-hidden="true">
      <circle cx="25" cy="20" r="13" />
      <circle cx="39" cy="20" r="13" />
      <path d="M0 20h12M52 20h12" />
    </svg>
  );
}
