import { Age } from "../figures/figure";
import { health, held, link, live, model, paused, serverNow, snapshot, tick, togglePause } from "../figures/snapshot";
import { writeTime } from "../figures/units";
import { language, t } from "../i18n";
import { StartTour } from "../tour/start";
import { session, signOut } from "./boot";
import { navigate, openFigure, route } from "./route";
import { Search } from "./search";
import { chooseLanguage, chooseTheme, theme } from "./settings";

export function Header() {
  const of = model.value;
  return (
    <header class="top">
      <div class="brand">
        <strong>BESS Inside</strong>
        {of && (
          <span class="plant-label" data-nav>
            {of.plant.label}
          </span>
        )}
      </div>
      <Badge />
      <Link />
      <Oldest />
      <Search />
      <div class="switches">
        {of && <StartTour />}
        <button type="button" class={paused.value ? "switch on" : "switch"} aria-pressed={paused.value} onClick={togglePause} disabled={!live.value}>
          <span aria-hidden="true">{paused.value ? "▶" : "❚❚"}</span> <span class="long">{t(paused.value ? "header.resume" : "header.pause")}</span>
        </button>
        <button type="button" class="switch" onClick={() => void chooseLanguage(language.value === "de" ? "en" : "de")} lang={language.value === "de" ? "en" : "de"}>
          <span class="long">{language.value === "de" ? "English" : "Deutsch"}</span>
          <span class="brief" aria-hidden="true">
            {language.value === "de" ? "EN" : "DE"}
          </span>
        </button>
        <button type="button" class="switch" onClick={() => chooseTheme(theme.value === "dark" ? "light" : "dark")}>
          <span class="long">{t(theme.value === "dark" ? "header.light" : "header.dark")}</span>
          <span class="brief" aria-hidden="true">
            ◐
          </span>
        </button>
        {session.value?.user && (
          <button type="button" class="switch" onClick={() => void signOut()} title={session.value.role ?? ""}>
            {t("header.sign_out")} <span data-nav>{session.value.user}</span>
          </button>
        )}
      </div>
    </header>
  );
}

/** Where the numbers come from; never to be overlooked. */
function Badge() {
  const of = model.value;
  if (!of) return <span class="badge badge-none">—</span>;
  const emulated = of.plant.badge !== "PLANT";
  return (
    <span class={`badge badge-${emulated ? "emulator" : "plant"}`} role="status">
      <strong>{emulated ? "EMULATOR" : "PLANT"}</strong>
      <span class="badge-source" data-nav>
        {sources(of.schema.devices.map((device) => device.url))}
      </span>
    </span>
  );
}

/** `Modbus TCP 127.0.0.1` for one host, else all hosts. */
function sources(urls: string[]): string {
  const hosts = new Set(urls.map((url) => url.replace(/^modbus\+(\w+):\/\/([^:?]*).*$/, (_, kind: string, host: string) => `${kind.toUpperCase()} ${host}`)));
  return `Modbus ${[...hosts].slice(0, 3).join(", ")}${hosts.size > 3 ? " …" : ""}`;
}

function Link() {
  const { state, retryAtMs } = link.value;
  const wait = retryAtMs === null ? 0 : Math.max(0, Math.ceil((retryAtMs - tick.value) / 1000));
  const bad = (health.value?.devices ?? []).filter((device) => device.state === "down" || device.state === "partly").length;
  const unkept = Boolean(health.value?.history?.trouble);
  const open = route.value.view === "devices";
  return (
    <button type="button" class={`link link-${state}${bad || unkept ? " link-bad" : ""}`} aria-pressed={open} onClick={() => navigate({ view: "devices" })} title={t("header.devices")}>
      <span class="link-mark" aria-hidden="true">
        {state === "open" ? (bad || unkept ? "✕" : "●") : "◐"}
      </span>
      {state === "open" ? t(bad ? "link.some_silent" : unkept ? "link.unkept" : "link.open") : t("link.waiting")}
      {state === "waiting" && <span data-age> {wait} s</span>}
    </button>
  );
}

export function isAnswering(state: string): boolean {
  return state === "up";
}

function Oldest() {
  const shown = snapshot.value;
  const of = model.value;
  if (!shown || !of) return <span class="oldest">{t("header.no_reading")}</span>;
  const age = Number.isFinite(shown.oldestMs) ? (serverNow(shown) - shown.oldestMs) / 1000 : null;
  const show = () => {
    const block = shown.frame.blockMs.indexOf(shown.oldestMs);
    const point = of.schema.points.block.indexOf(block);
    if (point >= 0) openFigure(of.schema.points.id[point]!);
  };
  return (
    <button type="button" class="oldest" data-age onClick={show} disabled={age === null} title={t("header.oldest_hint")}>
      {t("header.oldest")} {age === null ? "—" : <Age seconds={age} />}
      {held.value && (
        <span class="held">
          {" · "}
          {t("header.held")} {writeTime(held.value.frame.serverMs).slice(0, 8)}
        </span>
      )}
    </button>
  );
}
