import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { knowVendorWords, vendor } from "../src/i18n/vendor";
import words from "../src/i18n/vendor.de.json";

describe("words of maps and passports", () => {
  beforeAll(() => knowVendorWords(words));
  afterAll(async () => {
    knowVendorWords(null);
    await speak("en");
  });

  it("stay as they came in English", async () => {
    await speak("en");
    expect(vendor("Insulation low")).toBe("Insulation low");
  });

  it("are German on the German page, numbers where they belong", async () => {
    await speak("de");
    expect(vendor("Insulation low")).toBe("Isolation niedrig");
    expect(vendor("Fan 3")).toBe("Lüfter 3");
    expect(vendor("IEEE 754, 32 bit")).toBe("IEEE 754, 32 Bit");
    expect(vendor("Flashing every 500 ms, alarm level I")).toBe("Blinkt alle 500 ms, Alarmstufe I");
    expect(vendor("2 words")).toBe("2 Wörter");
  });

  it("stay as they came where nobody translated them, values above all", async () => {
    await speak("de");
    for (const text of ["0x0CC2", "3266 × 10^-3", "3.266 V", "Frobnicator 7", ""]) expect(vendor(text)).toBe(text);
  });

  it("keep as many numbers as they have", () => {
    const holes = (text: string) => text.split("#").length;
    for (const [english, german] of Object.entries(words)) {
      expect(holes(german), english).toBe(holes(english));
      expect(english.replaceAll("#", "")).not.toMatch(/\b\d+\b/);
      expect(german.trim(), english).not.toBe("");
    }
  });
});
