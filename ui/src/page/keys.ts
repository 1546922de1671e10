/** Keys that work everywhere: Esc closes the passport, arrows and Page keys change the level, / searches, p pauses. */

import { togglePause } from "../figures/snapshot";
import { closeFigure, goToLevel, LEVELS, route } from "./route";

const STEPS: Record<string, (level: number) => number> = {
  ArrowDown: (level) => level + 1,
  ArrowRight: (level) => level + 1,
  PageDown: (level) => level + 1,
  ArrowUp: (level) => level - 1,
  ArrowLeft: (level) => level - 1,
  PageUp: (level) => level - 1,
  Home: () => 1,
  End: () => LEVELS,
};

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
  if (target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (event.key === "p") {
    togglePause();
  } else if (STEPS[event.key] && route.value.view === "level" && isFree(target)) {
    event.preventDefault();
    goToLevel(STEPS[event.key]!(route.value.level));
  }
}

// where nothing else on the page uses the arrows
function isFree(target: HTMLElement): boolean {
  return target === document.body || target.id === "main" || target.closest(".levels") !== null;
}
