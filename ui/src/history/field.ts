/** All parts of one kind over time, as the server sends them: k parts, m spans. */

export interface Field {
  metric: string;
  unit: string;
  begin_ms: number;
  step_ms: number;
  spans: number;
  source: string;
  id: string[];
  part: string[];
  /** k × m, part by part; NaN without a good value */
  mean: Float32Array;
  low: Float32Array;
  high: Float32Array;
  /** sweeps with a good value, and without; both 0 where no sweep was */
  count: Uint32Array;
  leftOut: Uint32Array;
}

/** Length of a JSON, the JSON, then mean, low, high as float32 and two columns of uint32, little-endian. */
export function readField(buffer: ArrayBuffer): Field {
  const length = new DataView(buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Omit<Field, "mean" | "low" | "high" | "count" | "leftOut">;
  const size = about.id.length * about.spans;
  const at = (n: number) => 4 + length + 4 * size * n;
  if (buffer.byteLength !== at(5)) throw new Error(`a field of ${about.id.length} × ${about.spans} has ${at(5)} bytes, not ${buffer.byteLength}`);
  return {
    ...about,
    mean: new Float32Array(buffer, at(0), size),
    low: new Float32Array(buffer, at(1), size),
    high: new Float32Array(buffer, at(2), size),
    count: new Uint32Array(buffer, at(3), size),
    leftOut: new Uint32Array(buffer, at(4), size),
  };
}

/** Lowest and highest value of all good ones; null without any. */
export function rangeOf(field: Field): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of field.mean) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}
