import { describe, expect, it } from "vitest";
import { displayOf, writeAge, writeNumber } from "../src/figures/units";

const shown = (unit: string, metric: string, value: number, quantum: number | null, language = "en") => {
  const display = displayOf(unit, metric, value, quantum);
  return `${writeNumber(value * display.factor, display.decimals, language)} ${display.unit}`.trim();
};

describe("what a person reads", () => {
  it("shows every digit of the register and none beyond", () => {
    expect(shown("V", "voltage", 3.301, 0.001)).toBe("3.301 V");
    expect(shown("V", "dc_voltage", 1372.6, 0.1)).toBe("1,372.6 V");
    expect(shown("W", "active_power", 618_000, 100)).toBe("618.0 kW");
    expect(shown("°C", "temperature", 23, 1)).toBe("23 °C");
  });

  it("turns SI into what is read in the field", () => {
    expect(shown("Wh", "energy_export", 1.1834e9, null)).toBe("1,183.400 MWh");
    expect(shown("Wh", "energy", 900_000, null)).toBe("900.00 kWh");
    expect(shown("V", "cell_voltage_spread", 0.014, 0.001)).toBe("14 mV");
    expect(shown("A", "current", 4e-6, 1e-6)).toBe("4 µA");
    expect(shown("W", "power", 60, 0.1)).toBe("60.0 W");
    expect(shown("m3/s", "coolant_flow", 0.005, null)).toBe("300.0 l/min");
    expect(shown("Ω", "insulation", 2.45e6, 1000)).toBe("2,450 kΩ");
  });

  it("writes small powers in watts and large ones without decimals that tell nobody anything", () => {
    expect(shown("W", "active_power", -512.8, 0.1)).toBe("−512.8 W");
    expect(shown("W", "active_power", 987_654.3, 0.1)).toBe("987.65 kW");
    expect(shown("var", "reactive_power", -41_809.6, 0.1)).toBe("−41.81 kvar");
  });

  it("reads a cell's voltage to the millivolt and counts as whole numbers where no register says how fine", () => {
    expect(shown("V", "cell_voltage_max", 3.3, null)).toBe("3.300 V");
    expect(shown("V", "cell_voltage_mean", 3.29944, null)).toBe("3.2994 V");
    expect(shown("1", "cells_read", 4992, null)).toBe("4,992");
  });

  it("writes German, with a true minus and none before zero", () => {
    expect(shown("W", "active_power", -1_234_500, 100, "de")).toBe("−1.234,5 kW");
    expect(writeNumber(-0.01, 1, "en")).toBe("0.0");
  });

  it("writes ages from tenths of a second to days", () => {
    expect([0.42, 12.7, 150, 8000, 200_000].map((seconds) => writeAge(seconds, "en"))).toEqual(["0.4 s", "12 s", "2 min", "2 h", "2 d"]);
  });
});
