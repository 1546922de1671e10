/**
 * One binary frame of `/api/live`: a 40-byte header and a zlib-deflated body, little-endian.
 *
 * header: 0 "BIS1" · 4 u32 version · 8 schema hash (8 ASCII bytes) · 16 f64 server time (ms) · 24 u32 words W ·
 *         28 u32 blocks B · 32 u32 points P · 36 u32 derived figures F
 * body:   words u16[W] · block times f64[B] (ms, 0 before the first answer) · point quality u8[P] · figure values f64[F] · figure quality u8[F]
 */

export const HEADER_BYTES = 40;
const MAGIC = "BIS1";

export interface Frame {
  version: number;
  schemaHash: string;
  /** Server clock when the frame was made, ms since epoch. */
  serverMs: number;
  /** The register image, one host-order number per register. */
  words: Uint16Array;
  /** Time of each block's last good answer, ms since epoch; 0 (or NaN) where it never answered. */
  blockMs: Float64Array;
  pointQuality: Uint8Array;
  figureValue: Float64Array;
  figureQuality: Uint8Array;
}

export class FrameError extends Error {
  override name = "FrameError";
}

/** Reads one frame. Throws FrameError where magic, version or lengths are not what the header says. */
export async function readFrame(buffer: ArrayBuffer): Promise<Frame> {
  if (buffer.byteLength < HEADER_BYTES) {
    throw new FrameError(`frame of ${buffer.byteLength} bytes: shorter than its ${HEADER_BYTES}-byte header`);
  }
  const view = new DataView(buffer);
  const ascii = (from: number, to: number) => String.fromCharCode(...new Uint8Array(buffer, from, to - from));
  if (ascii(0, 4) !== MAGIC) throw new FrameError(`frame starts with ${JSON.stringify(ascii(0, 4))}, expected ${MAGIC}`);
  const version = view.getUint32(4, true) & 0xff;
  if (version !== 1) throw new FrameError(`frame version ${version}, this page reads version 1: reload the page`);
  const [w, b, p, f] = [24, 28, 32, 36].map((at) => view.getUint32(at, true)) as [number, number, number, number];
  const body = await inflate(new Uint8Array(buffer, HEADER_BYTES));
  const expected = 2 * w + 8 * b + p + 8 * f + f;
  if (body.byteLength !== expected) {
    throw new FrameError(`frame body of ${body.byteLength} bytes, the header announces ${expected}`);
  }
  let at = 0;
  // slice copies, so that the f64 arrays are aligned whatever stands before them
  const take = (bytes: number) => body.buffer.slice(body.byteOffset + at, body.byteOffset + (at += bytes)) as ArrayBuffer;
  return {
    version,
    schemaHash: ascii(8, 16),
    serverMs: view.getFloat64(16, true),
    words: new Uint16Array(take(2 * w)),
    blockMs: new Float64Array(take(8 * b)),
    pointQuality: new Uint8Array(take(p)),
    figureValue: new Float64Array(take(8 * f)),
    figureQuality: new Uint8Array(take(f)),
  };
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new FrameError(`frame body is not zlib data: ${String(error)}`);
  }
}
