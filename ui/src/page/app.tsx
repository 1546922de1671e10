import { useEffect, useRef } from "preact/hooks";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { Inspector } from "../inspector/inspector";
import { LevelView } from "../levels/level";
import { Mirror } from "../registers/mirror";
import { SignalsView } from "../signals/lazy";
import { failure, signInNeeded } from "./boot";
import { Devices } from "./devices";
import { Header } from "./header";
import { followKeys } from "./keys";
import { LevelList } from "./levellist";
import { route } from "./route";
import { SignIn } from "./signin";

export function App() {
  useEffect(followKeys, []);
  if (signInNeeded.value) return <SignIn />;
  const open = route.value.figure !== null && model.value !== null;
  return (
    <div class={open ? "frame frame-open" : "frame"}>
      <a class="skip" href="#main" onClick={skipToMain}>
        {t("page.skip")}
      </a>
      <Header />
      <LevelList />
      <Main />
      {open && <Inspector id={route.value.figure!} />}
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
      {model.value ? <View /> : <p class="waiting">{t("page.loading")}</p>}
    </main>
  );
}

function View() {
  const { view, level } = route.value;
  if (view === "registers") return <Mirror />;
  if (view === "devices") return <Devices />;
  if (view === "signals") return <SignalsView />;
  return <LevelView key={level} number={level} />;
}
