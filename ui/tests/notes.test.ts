import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { knowVendorWords, vendor } from "../src/i18n/vendor";
import notes from "../src/i18n/notes.de.json";

const MAPS = new URL("../../src/bessinside/registers/maps/", import.meta.url);
const SUSPECT = /x-suspect: *(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^,}\n"'][^,}\n]*))/g;

/** Every note on a doubtful register of the product's maps; those that run over two lines are left out. */
function notesOfMaps(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(MAPS)) {
    if (!name.endsWith(".yaml")) continue;
    for (const [, double, single, plain] of readFileSync(new URL(name, MAPS), "utf8").matchAll(SUSPECT)) {
      const text = double ?? single?.replaceAll("''", "'") ?? plain!;
      if (!/[*&]/.test(text)) found.add(text.trim());
    }
  }
  return found;
}

describe("notes on doubtful registers", () => {
  beforeAll(async () => {
    knowVendorWords(notes);
    await speak("de");
  });
  afterAll(async () => {
    knowVendorWords(null);
    await speak("en");
  });

  it("are all there in German", () => {
    const all = notesOfMaps();
    expect(all.size).toBeGreaterThan(60);
    for (const text of all) expect(vendor(text), text).not.toBe(text);
  });

  it("keep every number of the English text", () => {
    const numbers = (text: string) => (text.match(/\d+/g) ?? []).sort().join();
    for (const [english, german] of Object.entries(notes)) expect(numbers(german), english).toBe(numbers(english));
  });
});
