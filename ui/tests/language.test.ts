import { effect } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { language, speak, t } from "../src/i18n";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";

describe("a change of the language", () => {
  it("changes texts and language in one step, never to a key", async () => {
    await speak("en");
    const seen: string[] = [];
    const over = effect(() => void seen.push(`${language.value} ${t("nav.devices")}`));
    const speaking = speak("de");
    expect(seen).toEqual([`en ${en["nav.devices"]}`]);
    await speaking;
    expect(seen).toEqual([`en ${en["nav.devices"]}`, `de ${de["nav.devices"]}`]);
    over();
  });
});
