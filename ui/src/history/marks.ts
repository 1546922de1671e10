/** What happened in a time: alarms that came and went, and the journal of the recorder; oldest first. */

import { vendor } from "../i18n/vendor";
import { partTitle } from "../plant/parts";
import { past } from "./api";
import { say } from "./texts";

export interface Mark {
  key: string;
  /** ms since the epoch */
  t: number;
  /** When an alarm went; null for what has no length. */
  end: number | null;
  /** It went in the time that is looked at; else it stood to its end. */
  ended: boolean;
  /** It stood when the time began. */
  found: boolean;
  kind: "alarm" | "link" | "journal";
  text: string;
  /** The register that says so. */
  id: string | null;
}

/** Events of the record keeping itself, which say nothing about the plant. */
const QUIET = new Set(["start", "stop", "retention"]);

export async function marksIn(from: number, to: number, language: string): Promise<Mark[]> {
  const [alarms, events] = await Promise.all([past.alarms(from, to, language), past.events(from, to)]);
  const found: Mark[] = alarms.map((alarm) => ({
    key: `${alarm.id} ${alarm.code} ${alarm.since}`,
    t: Math.max(alarm.since, from),
    end: Math.min(alarm.until ?? to, to),
    ended: alarm.until !== null,
    found: alarm.found,
    kind: "alarm",
    text: `${partTitle(alarm.part)}: ${vendor(alarm.label)}`,
    id: alarm.id,
  }));
  for (const event of events) {
    if (QUIET.has(event.kind)) continue;
    const kind = event.kind === "link" ? "link" : "journal";
    found.push({ key: `${event.kind} ${event.subject} ${event.t}`, t: event.t, end: null, ended: false, found: false, kind, text: `${event.subject || say("recorder")}: ${event.text}`, id: null });
  }
  return found.sort((a, b) => a.t - b.t);
}
