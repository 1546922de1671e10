/**
 * Keys that work everywhere: Esc closes the passport or ends the tour, left and right change the level, / searches,
 * p holds the page, t starts the tour, stops it for a while and continues it.
 * In the level list, and while nothing has the focus, up, down, Page, Home and End change the level too; in the level
 * itself they scroll, as they should.
 */

import { togglePause } from "../figures/snapshot";
import { endTour, toggleTour, tour, visit } from "../tour/state";
import { closeFigure, goToLevel, LEVELS, route } from "./route";

type Step = (level: number) => number;

const next: Step = (level) => level + 1;
const previous: Step = (level) => level - 1;
const ANYWHERE: Record<string, Step> = { ArrowRight: next, ArrowLeft: previous };
const IN_LIST: Record<string, Step> = { ...ANYWHERE, ArrowDown: next, PageDown: next, ArrowUp: previous, PageUp: previous, Home: () => 1, End: () => LEVELS };

export function followKeys(): () => void {
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement;
  if (event.key === "Escape" && route.value.figure) {
    closeFigure();
    return;
  }
  if (event.key === "Escape" && tour.value && !target.closest("input, select")) {
    endTour();
    return;
  }
  if (target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (event.key === "p") {
    togglePause();
  } else if (event.key === "t") {
    toggleTour();
  } else if (route.value.view === "level") {
    changeLevel(event, target);
  }
}

function changeLevel(event: KeyboardEvent, target: HTMLElement): void {
  const inList = target.closest(".levels") !== null;
  const keys = inList || target === document.body ? IN_LIST : target.id === "main" || target.closest(".tour") ? ANYWHERE : {};
  const step = keys[event.key];
  if (!step) return;
  event.preventDefault();
  const level = Math.max(1, Math.min(LEVELS, step(route.value.level)));
  if (tour.value) void visit(level);
  else goToLevel(level);
  // the list is drawn a moment after the route
  if (inList) setTimeout(() => document.querySelector<HTMLElement>(".level.here")?.focus(), 50);
}
