import { Mark } from "../figures/figure";
import { faceOf, Quality, RANK } from "../figures/quality";
import { derivedQuality, pointQuality, qualitiesOf } from "../figures/reading";
import { model, snapshot, type Snapshot } from "../figures/snapshot";
import { trouble } from "../figures/trouble";
import { t } from "../i18n";
import type { Model } from "../plant/model";
import { goToLevel, navigate, route } from "./route";

export function LevelList() {
  const of = model.value;
  const { view, level } = route.value;
  const current = of?.levels.find((row) => row.id === level);
  return (
    <nav class="levels" aria-label={t("nav.levels")}>
      <label class="level-select">
        <span class="hidden">{t("nav.levels")}</span>
        <select value={view === "level" ? String(level) : view} onChange={(event) => choose(event.currentTarget.value)} data-nav>
          {(of?.levels ?? []).map((row) => (
            <option key={row.id} value={row.id}>
              {`${two(row.id)} ${row.title}${of && isAlarmed(row.id) ? ` ▲ ${t("attention.alarm")}` : ""}`}
            </option>
          ))}
          <option value="registers">{t("nav.registers")}</option>
          <option value="devices">{t("nav.devices")}</option>
          <option value="signals">{t("nav.signals")}</option>
          <option value="history">{t("nav.history")}</option>
          <option value="market">{t("nav.market")}</option>
          <option value="view">{t("nav.view")}</option>
        </select>
      </label>
      <ol>
        {(of?.levels ?? []).map((row) => {
          const here = view === "level" && row.id === level;
          return (
            <li key={row.id}>
              <button type="button" class={here ? "level here" : "level"} aria-current={here ? "page" : undefined} onClick={() => goToLevel(row.id)}>
                <span class="level-number" data-nav>
                  {two(row.id)}
                </span>
                <span class="level-title" data-nav>
                  {row.title}
                  <State level={row.id} />
                </span>
                <Worst level={row.id} />
              </button>
            </li>
          );
        })}
      </ol>
      <div class="more">
        <button type="button" class={view === "registers" ? "level here" : "level"} onClick={() => navigate({ view: "registers" })}>
          <span class="level-number" aria-hidden="true">≡</span>
          <span class="level-title">{t("nav.registers")}</span>
        </button>
        <button type="button" class={view === "devices" ? "level here" : "level"} onClick={() => navigate({ view: "devices" })}>
          <span class="level-number" aria-hidden="true">⌁</span>
          <span class="level-title">{t("nav.devices")}</span>
        </button>
        <button type="button" class={view === "signals" ? "level here" : "level"} onClick={() => navigate({ view: "signals", signal: null, figure: null })}>
          <span class="level-number" aria-hidden="true">∿</span>
          <span class="level-title">{t("nav.signals")}</span>
        </button>
        <button type="button" class={view === "history" ? "level here" : "level"} onClick={() => navigate({ view: "history", figure: null })}>
          <span class="level-number" aria-hidden="true">
            ◷
          </span>
          <span class="level-title">{t("nav.history")}</span>
        </button>
        <button type="button" class={view === "market" ? "level here" : "level"} onClick={() => navigate({ view: "market", figure: null })}>
          <span class="level-number" aria-hidden="true">€</span>
          <span class="level-title">{t("nav.market")}</span>
        </button>
        <button type="button" class={view === "view" ? "level here" : "level"} onClick={() => navigate({ view: "view", role: null, figure: null })}>
          <span class="level-number" aria-hidden="true">◎</span>
          <span class="level-title">{t("nav.view")}</span>
        </button>
      </div>
      <p class="hidden" aria-live="polite">
        {view === "level" && current ? <span data-nav>{`${t("nav.level")} ${current.id}: ${current.title}`}</span> : t(`nav.${view === "level" ? "levels" : view}`)}
      </p>
    </nav>
  );
}

function choose(value: string): void {
  if (value === "registers" || value === "devices" || value === "history" || value === "market" || value === "view") navigate({ view: value });
  else if (value === "signals") navigate({ view: value, signal: null, figure: null });
  else goToLevel(Number(value));
}

const two = (n: number) => String(n).padStart(2, "0");

function Worst({ level }: { level: number }) {
  const of = model.value;
  if (!of) return null;
  return isAlarmed(level) ? (
    <span class="mark level-alarm" aria-hidden="true">
      ▲
    </span>
  ) : (
    <Mark quality={worstOf(of, level)} quiet />
  );
}

function isAlarmed(level: number): boolean {
  return trouble.value.set.some((register) => register.levels.includes(level));
}

/** In words under the level's title: an alarm that is set there, values that are not good. Nothing while all is well. */
function State({ level }: { level: number }) {
  const of = model.value;
  if (!of || !snapshot.value) return null;
  const worst = worstOf(of, level);
  const bad = worst !== Quality.Good && worst !== Quality.NotMapped && worst !== Quality.None;
  const alarm = isAlarmed(level);
  const open = level === RACKS && trouble.value.open.length > 0;
  if (!bad && !alarm && !open) return null;
  const said = [alarm ? t("attention.alarm") : "", open ? t("attention.open") : "", bad ? t(faceOf(worst).key) : ""].filter(Boolean);
  return <span class="level-state">{said.join(" · ")}</span>;
}

const RACKS = 3;

/** Levels whose picture is the whole field of cells or of sensors. */
const CELL_LEVELS = [7, 8];
const SENSOR_LEVEL = 9;

function* qualitiesAt(of: Model, level: number, shown: Snapshot | null): Generator<number> {
  for (const ref of of.members.get(level) ?? []) {
    yield ref.derived ? derivedQuality(shown, ref.index) : pointQuality(of, ref.index, shown).quality;
  }
  const field = CELL_LEVELS.includes(level) ? of.cells : level === SENSOR_LEVEL ? of.sensors : null;
  if (!field) return;
  const qualities = new Uint8Array(field.points.length);
  qualitiesOf(of, field.points, shown, qualities);
  yield* new Set(qualities);
}

/** The worst quality among a level's figures; what no register carries does not count while something else does. */
export function worstOf(of: Model, level: number): number {
  const shown = snapshot.value;
  let worst: number = Quality.Good;
  let counted = 0;
  for (const quality of qualitiesAt(of, level, shown)) {
    if (quality === Quality.NotMapped || quality === Quality.NotImplemented) continue;
    counted++;
    if (RANK[quality]! > RANK[worst]!) worst = quality;
  }
  return counted ? worst : shown ? Quality.NotMapped : Quality.None;
}
