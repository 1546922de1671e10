import { useEffect, useRef } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { LevelView } from "../levels/level";
import { SpaceView } from "../levels/stage";
import { failure, signInNeeded } from "./boot";
import { Header } from "./header";
import { useFocusBack } from "./focusback";
import { followKeys } from "./keys";
import { lazy } from "./lazy";
import { LevelList } from "./levellist";
import { Printed } from "./printed";
import { route } from "./route";
import { SheetHandle } from "./sheet";
import { SignIn } from "./signin";
import { tour } from "../tour/state";

const Loading = () => <p class="waiting">{t("page.loading")}</p>;
const Drawer = () => <aside class="inspector" aria-busy="true" />;
const Mirror = lazy(async () => (await import("../registers/mirror")).Mirror, Loading);
const Devices = lazy(async () => (await import("./devices")).Devices, Loading);
const Signals = lazy(async () => (await import("../signals/view")).Signals, Loading);
const Market = lazy(async () => (await import("../market/view")).Market, Loading);
const Past = lazy(async () => (await import("../history/view")).Past, Loading);
const Views = lazy(async () => (await import("../views/view")).Views, Loading);
const Emphasis = lazy(async () => (await import("../views/emphasis")).Emphasis, () => null);
const Player = lazy(async () => (await import("../history/player")).Player, () => null);
const TourBar = lazy(async () => (await import("../tour/bar")).TourBar, () => null);
const Inspector = lazy(async () => (await import("../inspector/inspector")).Inspector, Drawer);

export function App() {
  useEffect(followKeys, []);
  const open = route.value.figure !== null && model.value !== null;
  useFocusBack(open);
  if (signInNeeded.value) return <SignIn />;
  const classes = ["frame", open && "frame-open", tour.value && "frame-tour"].filter(Boolean).join(" ");
  return (
    <div class={classes}>
      <a class="skip" href="#main" onClick={skipToMain}>
        {t("page.skip")}
      </a>
      <Header />
      <LevelList />
      <Emphasis />
      <Main />
      {open && <Inspector id={route.value.figure!} />}
      {tour.value && <TourBar />}
    </div>
  );
}

// the address after # belongs to the route
function skipToMain(event: Event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Main() {
  const main = useRef<HTMLElement>(null);
  const { view, level, signal } = route.value;
  useEffect(() => main.current?.scrollTo(0, 0), [view, level, signal]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      {failure.value && (
        <p class="failure" role="alert">
          ✕ <span data-nav>{failure.value}</span> {t("page.retrying")}
        </p>
      )}
      <Printed />
      {route.value.time !== null && <Player />}
      {model.value ? <View /> : <Loading />}
    </main>
  );
}

function View() {
  const { view, level } = route.value;
  if (view === "registers") return <Mirror />;
  if (view === "devices") return <Devices />;
  if (view === "signals") return <Signals />;
  if (view === "market") return <Market />;
  if (view === "view") return <Views />;
  if (view === "history") return <Past />;
  return (
    <>
      <SpaceView level={level} />
      <div class="sheet" id="level">
        <SheetHandle />
        <LevelView key={level} number={level} />
      </div>
    </>
  );
}
