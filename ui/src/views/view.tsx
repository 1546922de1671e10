/** One plant, three people: each asks it their own question, over one and the same fact base. */

import { useEffect, useRef, useState } from "preact/hooks";
import { model } from "../figures/snapshot";
import { language } from "../i18n";
import { navigate, route } from "../page/route";
import { views, ROLES, type RoleId, type View } from "./answers";
import { FactCard } from "./fact";
import { chooseRole, isRole, role, roles } from "./role";
import { say } from "./words";
import { moment } from "./write";
import "./views.css";

const LIVE_MS = 60_000;

export function Views() {
  const wanted = shownRole();
  const speaks = language.value;
  const time = route.value.time;
  const [found, setFound] = useState<View | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  /** The base of what is shown, and the moment and turn that it was made for: another role sees the same values. */
  const made = useRef({ base: "", time, turn });
  useEffect(() => {
    if (wanted) chooseRole(wanted);
  }, [wanted, roles.value]);
  useEffect(() => {
    if (!wanted) return undefined;
    let over = false;
    const base = made.current.time === time && made.current.turn === turn ? made.current.base : "";
    views.view(wanted, time, base, speaks).then(
      (next) => {
        if (over) return;
        made.current = { base: next.base, time, turn };
        setFound(next);
        setWrong(null);
      },
      (reason: Error) => void (over || setWrong(reason.message)),
    );
    return () => void (over = true);
  }, [wanted, time, speaks, turn]);
  useEffect(() => {
    if (time !== null) return undefined;
    const timer = setInterval(() => document.hidden || setTurn((n) => n + 1), LIVE_MS);
    return () => clearInterval(timer);
  }, [time]);
  const of = found && found.role === wanted ? found : null;
  const go = (id: string) => {
    setOpen(id);
    document.querySelector(`[data-fact="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <section class="view views" aria-labelledby="views-title" data-base={of?.base}>
      <header class="views-head">
        <div>
          <h1 id="views-title">{of?.title ?? say("role")}</h1>
          <p class="question">{of?.question}</p>
        </div>
        <div class="toolbar">
          <Switch now={wanted} />
          <button type="button" class="switch" onClick={() => setTurn((n) => n + 1)}>
            {say("again")}
          </button>
          <button type="button" class="switch" onClick={() => print()}>
            {say("print")}
          </button>
        </div>
      </header>
      {wrong && (
        <p class="failure" role="alert">
          ✕ {wrong}
        </p>
      )}
      {!of && !wrong && <p class="waiting">{say("loading")}</p>}
      {of && (
        <>
          <p class="note" data-nav>
            {model.value?.plant.label ?? of.plant} · {say("as_of", { when: moment(of.now_ms, true) })} · {of.span ? say("span", { from: moment(of.span[0]), to: moment(of.span[1]) }) : say("present")}. {!of.live && say("past")}{" "}
            <span class="views-emphasis">{say("emphasis")}</span>
          </p>
          <div class="views-groups">
            {of.groups.map((group) => (
              <section key={group.id} class="views-group" data-group={group.id} aria-labelledby={`group-${group.id}`}>
                <h2 id={`group-${group.id}`}>{group.title}</h2>
                <ul>
                  {group.facts.map((fact) => (
                    <FactCard key={fact.id} fact={fact} base={of.base} open={open === fact.id} toggle={() => setOpen(open === fact.id ? null : fact.id)} go={go} />
                  ))}
                </ul>
              </section>
            ))}
          </div>
          {of.attribution && (
            <p class="note" data-nav>
              {say("prices")}: {of.attribution}
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** The role of the address where there is a choice, else that of the person signed in. */
function shownRole(): RoleId | null {
  const known = roles.value;
  if (!known) return null;
  if (!known.choice && known.mine) return known.mine;
  const named = route.value.role;
  return isRole(named) ? named : (role.value ?? ROLES[0]!);
}

function Switch({ now }: { now: RoleId | null }) {
  const known = roles.value;
  if (!known?.choice) return null;
  return (
    <div class="segmented" role="group" aria-label={say("role")}>
      {known.roles.map((row) => (
        <button key={row.id} type="button" aria-pressed={row.id === now} onClick={() => navigate({ view: "view", role: row.id, figure: null })}>
          {row.title}
        </button>
      ))}
      <button
        type="button"
        title={say("emphasis")}
        onClick={() => {
          chooseRole(null);
          navigate({ view: "level", figure: null });
        }}
      >
        {say("nobody")}
      </button>
    </div>
  );
}
