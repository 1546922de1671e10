import { describe, expect, it } from "vitest";
import { decode, Decoder, State, text, type Rule } from "../src/wire/decode";
import { fractionOf } from "../src/wire/fraction";
import { schema, words } from "./fixtures/plant";

const plain: Rule = { type: "uint16", low_first: false, mask: null, shift: 0, sf: 0, add: 0, sign: 1, factor: 1, sentinel: [], bcd: false };
const of = (rule: Partial<Rule>, raw: number[]) => decode({ ...plain, ...rule }, raw, 0, raw.length);
const value = (rule: Partial<Rule>, raw: number[]) => of(rule, raw).value;

describe("one value", () => {
  it("takes two 12-bit cells and a signed byte out of one word pair, low word first", () => {
    // 0xEB above 3312 above 3298: −21 °C, 3.312 V and 3.298 V
    const pair = [0x0ce2, 0xebcf];
    expect(value({ type: "uint32", low_first: true, mask: 0x00000fff, sf: -3 }, pair)).toBe(3.298);
    expect(value({ type: "uint32", low_first: true, mask: 0x00fff000, shift: 12, sf: -3 }, pair)).toBe(3.312);
    expect(value({ type: "int32", low_first: true, mask: 0xff000000, shift: 24 }, pair)).toBe(-21);
  });

  it("reads 32 bits with the low word first", () => {
    expect(value({ type: "int32", low_first: true, sf: -1 }, [0x08fc, 0x0000])).toBe(230);
    expect(value({ type: "int32", low_first: true, sf: -1 }, [0xff9c, 0xffff])).toBe(-10);
  });

  it("reads floats of both widths", () => {
    expect(value({ type: "float32" }, [0x449a, 0x5000])).toBe(1234.5);
    expect(value({ type: "float64" }, [0x4009, 0x21fb, 0x5444, 0x2d18])).toBe(Math.PI);
  });

  it("keeps 64-bit counters whole", () => {
    expect(value({ type: "uint64" }, [0x0000, 0x001f, 0xffff, 0xffff])).toBe(2 ** 37 - 1);
    expect(value({ type: "int64", factor: 1000 }, [0xffff, 0xffff, 0xffff, 0xfffe])).toBe(-2000);
  });

  it("adds after scaling, then turns the sign", () => {
    expect(value({ sf: -1, add: -3200 }, [32764])).toBeCloseTo(76.4, 12);
    expect(value({ sf: -1, add: -3200, sign: -1 }, [32764])).toBeCloseTo(-76.4, 12);
  });

  it("rounds a decimal once and leaves no minus before zero", () => {
    expect(value({ sf: -3 }, [3301])).toBe(3.301);
    expect(value({ type: "int16", sf: -1, factor: 1000 }, [0x0102])).toBe(25800);
    expect(Object.is(value({ sign: -1 }, [0]), 0)).toBe(true);
  });

  it("names what is no value", () => {
    expect(of({ sentinel: [0xffff] }, [0xffff])).toEqual({ value: NaN, state: State.Sentinel });
    expect(of({ sf: null }, [1]).state).toBe(State.NoScale);
    expect(of({ sf: 11 }, [1]).state).toBe(State.NoScale);
    expect(of({ type: "float32" }, [0x7fc0, 0]).state).toBe(State.NotANumber);
    expect(of({ bcd: true }, [0x1a00]).state).toBe(State.NotANumber);
    expect(decode(plain, [], 0, 1).state).toBe(State.NoWords);
  });

  it("tells the 64-bit sentinels from their neighbours although JSON rounds them", () => {
    const ones = { type: "uint64", sentinel: [Number("18446744073709551615")] };
    expect(of(ones, [0xffff, 0xffff, 0xffff, 0xffff]).state).toBe(State.Sentinel);
    expect(of(ones, [0xffff, 0xffff, 0xffff, 0xfffe]).state).toBe(State.Ok);
    const lowest = { type: "int64", sentinel: [Number("9223372036854775808")] };
    expect(of(lowest, [0x8000, 0, 0, 0]).state).toBe(State.Sentinel);
    expect(of(lowest, [0x7fff, 0xffff, 0xffff, 0xffff]).state).toBe(State.Ok);
  });

  it("reads BCD digits", () => {
    expect(value({ bcd: true }, [0x2359])).toBe(2359);
  });
});

describe("scaling as a fraction", () => {
  it("finds the small fraction behind a factor", () => {
    expect(fractionOf(-2, 1 / 60000)).toEqual([1, 6_000_000]);
    expect(fractionOf(-1, 1000)).toEqual([100, 1]);
    expect(fractionOf(0, 1e-6)).toEqual([1, 1_000_000]);
    expect(fractionOf(-3, -1)).toEqual([-1, 1000]);
  });

  it("takes a factor that is no small fraction as it is", () => {
    expect(fractionOf(-1, Math.PI * 1e-9)).toEqual([Math.PI * 1e-9, 10]);
  });
});

describe("text", () => {
  it("ends at the first NUL and leaves out what cannot be shown", () => {
    expect(text("string", [0x4142, 0x0743, 0x0044], 0, 3)).toBe("ABC");
    expect(text("string", [0, 0], 0, 2)).toBe("");
  });

  it("writes addresses", () => {
    expect(text("ipaddr", [0xc0a8, 0x0001], 0, 2)).toBe("192.168.0.1");
    expect(text("eui48", [0, 0x0011, 0x2233, 0x4455], 0, 4)).toBe("00:11:22:33:44:55");
  });
});

describe("a whole image", () => {
  const decoder = new Decoder(schema.points);
  const values = new Float64Array(decoder.size);
  const states = new Uint8Array(decoder.size);
  decoder.decodeAll(Uint16Array.from(words()), values, states);
  const at = (id: string) => schema.points.id.indexOf(id);

  it("gives every point its value and state", () => {
    expect(values[at("meter/active_power")]).toBe(-1234.5);
    expect(values[at("pcs1/igbt_temperature_1")]).toBe(61);
    expect(values[at("pcs1/igbt_temperature_2")]).toBe(58);
    expect(values[at("c1/r01/soc@bcu1")]).toBe(52.3);
    expect(values[at("c1/r02/m2/cell003/voltage")]).toBe(3.311);
    expect(states[at("c1/r01/m2/cell003/voltage")]).toBe(State.Sentinel);
    expect(values[at("c1/r01/m2/cell003/voltage")]).toBeNaN();
    expect(states[at("c1/r01/soc@bau1")]).toBe(State.NoWords);
  });

  it("agrees with itself point by point", () => {
    for (let i = 0; i < decoder.size; i++) {
      const one = decoder.decodeOne(i, Uint16Array.from(words()));
      expect(one.state).toBe(states[i]);
      expect(one.value).toEqual(values[i]);
    }
  });
});
