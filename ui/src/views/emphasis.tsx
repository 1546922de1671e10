/** The same machine with another emphasis: the figures and levels that matter to the role in force carry its colour. */

import { useEffect } from "preact/hooks";
import { model } from "../figures/snapshot";
import { language } from "../i18n";
import { route } from "../page/route";
import { views, type Emphasis as Metrics } from "./answers";
import { learnRoles, role, roles } from "./role";
import { rules } from "./rules";
import "./emphasis.css";

const sheet = new CSSStyleSheet();
const asked = new Map<string, Metrics>();

export function Emphasis() {
  const speaks = language.value;
  const now = role.value;
  const of = model.value;
  const { level } = route.value;
  useEffect(() => void learnRoles(speaks).catch((reason: Error) => console.warn(reason.message)), [speaks]);
  useEffect(() => {
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }, []);
  useEffect(() => {
    const root = document.documentElement;
    if (!now || !of) {
      delete root.dataset.role;
      sheet.replaceSync("");
      return undefined;
    }
    let over = false;
    void metricsOf(now).then(
      (metrics) => {
        if (over) return;
        root.dataset.role = now;
        sheet.replaceSync(rules(of, metrics, level));
      },
      (reason: Error) => console.warn(reason.message),
    );
    return () => void (over = true);
  }, [now, of, level, roles.value]);
  return null;
}

async function metricsOf(name: NonNullable<typeof role.value>): Promise<Metrics> {
  const listed = roles.value?.roles.find((row) => row.id === name)?.emphasis;
  if (listed) return listed;
  const kept = asked.get(name) ?? (await views.view(name, null, "", "en")).emphasis;
  asked.set(name, kept);
  return kept;
}
