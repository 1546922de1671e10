/** Theme and language: what the browser asks for, until the reader says otherwise. */

import { effect, signal } from "@preact/signals";
import { language, speak, type Language } from "../i18n";
import { fetched } from "./lazy";

export type Theme = "dark" | "light";

const THEME = "bessinside.theme";
const LANGUAGE = "bessinside.language";

export const theme = signal<Theme>("dark");

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden; the choice then lasts as long as the page
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

/** Puts them in force; done when the texts are there. */
export async function useSettings(): Promise<void> {
  const light = matchMedia("(prefers-color-scheme: light)");
  const chosen = stored(THEME);
  theme.value = chosen === "dark" || chosen === "light" ? chosen : light.matches ? "light" : "dark";
  if (!chosen) light.addEventListener("change", () => stored(THEME) ?? (theme.value = light.matches ? "light" : "dark"));
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    document.documentElement.lang = language.value;
  });
  matchMedia("print").addEventListener("change", ({ matches }) => onPaper(matches));
  const spoken = stored(LANGUAGE) ?? navigator.language.slice(0, 2);
  await fetched(() => speak(spoken === "de" ? "de" : "en"));
}

let onScreen: Theme | null = null;

/** Paper is light; the screen gets its own back. */
function onPaper(printing: boolean): void {
  if (printing) {
    onScreen ??= theme.peek();
    theme.value = "light";
  } else if (onScreen) {
    theme.value = onScreen;
    onScreen = null;
  }
}

export function chooseTheme(next: Theme): void {
  theme.value = next;
  store(THEME, next);
}

export async function chooseLanguage(next: Language): Promise<void> {
  await fetched(() => speak(next));
  store(LANGUAGE, next);
}
