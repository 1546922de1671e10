import { describe, expect, it } from "vitest";
import { speak } from "../src/i18n";
import { partShort, partTitle, splitId } from "../src/plant/parts";
import { buildModel } from "../src/plant/model";
import { levelOf, readQuery, search } from "../src/plant/search";
import { levels, plant, schema } from "./fixtures/plant";

const of = buildModel(schema, plant, levels);

describe("finding a figure", () => {
  it("reads parts in words, short or German", () => {
    expect([...readQuery("rack 4 module 3 cell 26").segments.values()]).toEqual(["r04", "m3", "cell026"]);
    expect([...readQuery("r4 m3 z26").segments.values()]).toEqual(["r04", "m3", "cell026"]);
    expect([...readQuery("Strang 4, Modul 3, Fühler 5").segments.values()]).toEqual(["r04", "m3", "ntc05"]);
    expect(readQuery("rack 4 soc").rest).toEqual(["soc"]);
  });

  it("puts the named part first", () => {
    expect(search(of, "rack 2 module 1 cell 3")[0]?.id).toBe("c1/r02/m1/cell003/voltage");
    expect(search(of, "c1/r01/soc@bau1")[0]?.id).toBe("c1/r01/soc@bau1");
    expect(search(of, "19026")[0]?.id).toBe("meter/active_power");
    expect(search(of, "rack 7")).toEqual([]);
  });

  it("knows which level shows it", () => {
    expect(levelOf(of, "c1/r02/m1/cell003/voltage")).toBe(7);
    expect(levelOf(of, "meter/active_power")).toBe(1);
    expect(levelOf(of, "pcs1/igbt_temperature_1")).toBeNull();
  });
});

describe("names of parts", () => {
  it("come in words and in short", async () => {
    await speak("en");
    expect(partTitle("c1/r04/m3/cell026")).toBe("Rack 4 · Module 3 · Cell 26");
    expect(partShort("c1/r04/m3/cell026")).toBe("R4 M3 C26");
    await speak("de");
    expect(partTitle("c1/r04/m3/ntc05")).toBe("Strang 4 · Modul 3 · NTC 5");
    await speak("en");
    expect(partTitle("c1")).toBe("Container 1");
  });

  it("split from their figure", () => {
    expect(splitId("c1/r04/voltage@bcu04.3-225")).toEqual({ part: "c1/r04", metric: "voltage", device: "bcu04.3-225" });
    expect(splitId("meter/active_power")).toEqual({ part: "meter", metric: "active_power", device: null });
  });
});
