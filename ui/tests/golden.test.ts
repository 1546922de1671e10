import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decode, type Rule } from "../src/wire/decode";

const PATH = process.env["BESSINSIDE_GOLDEN"] ?? fileURLToPath(new URL("../../tests/registers/golden.json", import.meta.url));

interface Vector extends Omit<Rule, "sentinel"> {
  words: number[];
  sentinel: number[] | null;
  value: number | null;
  state: number;
}

if (!existsSync(PATH)) console.warn(`no golden vectors at ${PATH}: the decoder is not compared with the server's`);

describe.skipIf(!existsSync(PATH))("the server's golden vectors", () => {
  const vectors: Vector[] = existsSync(PATH) ? (JSON.parse(readFileSync(PATH, "utf-8")) as Vector[]) : [];

  it("are there", () => expect(vectors.length).toBeGreaterThan(100));

  it.each(vectors.map((vector, i) => [`${i} ${vector.type}`, vector] as const))("%s", (_, vector) => {
    const { value, state } = decode({ ...vector, sentinel: vector.sentinel ?? [] }, vector.words, 0, vector.words.length);
    expect(state).toBe(vector.state);
    if (vector.value === null) expect(value).toBeNaN();
    else expect(Math.abs(value - vector.value)).toBeLessThanOrEqual(1e-12 * Math.abs(vector.value));
  });
});
