/** Where each part of a Modbus frame lies, so that a person can see which bytes carry the value. */

export interface Field {
  name: "transaction" | "protocol" | "length" | "unit" | "function" | "address" | "count" | "bytes" | "data" | "value" | "exception" | "crc";
  from: number;
  to: number;
}

export interface Frames {
  request: Field[];
  response: Field[];
}

/** Bytes of a hex text; anything that is no hex digit separates. */
export function bytesOf(hex: string | null | undefined): Uint8Array {
  const digits = (hex ?? "").replace(/[^0-9a-fA-F]/g, "");
  const bytes = new Uint8Array(digits.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

const field = (name: Field["name"], from: number, to: number): Field => ({ name, from, to });

/**
 * Fields of a request and its answer. The framing (Modbus TCP or RTU) is told by the request: its length field fits or not.
 * `fc`, `address` and `words` say which point is looked for; its bytes become the field `value`.
 */
export function dissect(request: Uint8Array, response: Uint8Array, fc: number, address: number, words: number): Frames {
  const tcp = request.length >= 8 && request[2] === 0 && request[3] === 0 && request[4]! * 256 + request[5]! === request.length - 6;
  const head = tcp ? 7 : 1;
  const lead = tcp
    ? [field("transaction", 0, 2), field("protocol", 2, 4), field("length", 4, 6), field("unit", 6, 7)]
    : [field("unit", 0, 1)];
  const tail = (bytes: Uint8Array, at: number) => (!tcp && bytes.length >= at + 2 ? [field("crc", bytes.length - 2, bytes.length)] : []);
  const asked = request.length >= head + 5
    ? [field("function", head, head + 1), field("address", head + 1, head + 3), field("count", head + 3, head + 5), ...tail(request, head + 5)]
    : [];
  if (response.length <= head) return { request: [...lead, ...asked], response: [] };
  const answered = [...lead, field("function", head, head + 1)];
  if (response[head]! & 0x80) {
    answered.push(field("exception", head + 1, head + 2), ...tail(response, head + 2));
    return { request: [...lead, ...asked], response: answered };
  }
  const start = request[head + 1]! * 256 + request[head + 2]!;
  const data = head + 2;
  const end = Math.min(response.length, data + (response[head + 1] ?? 0));
  const [from, to] = fc <= 2
    ? [data + ((address - start) >> 3), data + ((address - start + words - 1) >> 3) + 1]
    : [data + 2 * (address - start), data + 2 * (address - start + words)];
  answered.push(field("bytes", head + 1, head + 2));
  if (from >= data && to <= end) {
    if (from > data) answered.push(field("data", data, from));
    answered.push(field("value", from, to));
    if (to < end) answered.push(field("data", to, end));
  } else {
    answered.push(field("data", data, end));
  }
  answered.push(...tail(response, end));
  return { request: [...lead, ...asked], response: answered };
}

/** Bytes that are read together: a field of the head, a register of two bytes, or eight bits. */
export interface Group {
  name: Field["name"];
  from: number;
  bytes: Uint8Array;
}

/** One line of a frame; `address` is that of its first register (or bit), null for head and checksum. */
export interface Line {
  address: number | null;
  groups: Group[];
}

/** A frame in lines: first the head by its fields, then its data `perLine` registers a line, then the checksum. */
export function linesOf(bytes: Uint8Array, fields: Field[], first: number, bits: boolean, perLine: number): Line[] {
  const isData = (field: Field) => field.name === "data" || field.name === "value";
  const group = (name: Field["name"], from: number, to: number): Group => ({ name, from, bytes: bytes.slice(from, to) });
  const data = fields.filter(isData);
  const start = data[0]?.from ?? bytes.length;
  const end = data[data.length - 1]?.to ?? bytes.length;
  const head = fields.filter((field) => !isData(field) && field.from < start).map((field) => group(field.name, field.from, field.to));
  const tail = fields.filter((field) => !isData(field) && field.from >= end && data.length > 0).map((field) => group(field.name, field.from, field.to));
  const size = bits ? 1 : 2;
  const words: Group[] = [];
  for (let at = start; at < end; at += size) {
    const name = data.find((field) => at >= field.from && at < field.to)?.name ?? "data";
    words.push(group(name, at, Math.min(end, at + size)));
  }
  const lines: Line[] = head.length ? [{ address: null, groups: head }] : [];
  for (let n = 0; n < words.length; n += perLine) {
    lines.push({ address: first + n * (bits ? 8 : 1), groups: words.slice(n, n + perLine) });
  }
  return tail.length ? [...lines, { address: null, groups: tail }] : lines;
}
