/**
 * A binary glTF 2.0 file as it grows: buffers, meshes, nodes (Khronos glTF 2.0, sections 3 and 4.4), and instances by
 * EXT_mesh_gpu_instancing. Metres, y up, colours linear.
 */

import type { BufferGeometry } from "three";

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BIN_CHUNK = 0x004e4942;
const INSTANCING = "EXT_mesh_gpu_instancing";

const FLOAT = 5126;
const UNSIGNED_BYTE = 5121;
const UNSIGNED_SHORT = 5123;
const UNSIGNED_INT = 5125;
const ARRAY = 34962;
const ELEMENTS = 34963;
const NEAR = 1e-5; // m

type Numbers = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
export type Triple = readonly [number, number, number];

export interface Node {
  name: string;
  mesh?: number;
  translation?: Triple;
  scale?: Triple;
  children?: number[];
  extras?: unknown;
  extensions?: Record<string, unknown>;
}

export interface Material {
  name: string;
  colour: Triple;
  /** 1 is solid. */
  opacity?: number;
}

export class Glb {
  private readonly parts: Uint8Array[] = [];
  private length = 0;
  private readonly bufferViews: object[] = [];
  private readonly accessors: object[] = [];
  private readonly materials: object[] = [];
  private readonly meshes: object[] = [];
  private readonly nodes: Node[] = [];
  private readonly placed: { places: number[]; accessor: number }[] = [];

  material({ name, colour, opacity = 1 }: Material): number {
    const pbrMetallicRoughness = { baseColorFactor: [...colour, opacity], metallicFactor: 0, roughnessFactor: 0.9 };
    return this.materials.push({ name, pbrMetallicRoughness, ...(opacity < 1 ? { alphaMode: "BLEND" } : {}) }) - 1;
  }

  /**
   * A mesh of triangles. Corners at one place in one colour are kept once and normals are left out: a reader shades
   * the faces flat (glTF 2.0, 3.7.2.1), and the file is a third of its size.
   */
  mesh(name: string, geometry: BufferGeometry, material: number, coloured: boolean): number {
    const from = { position: geometry.getAttribute("position"), colour: geometry.getAttribute("color") };
    const known = new Map<string, number>();
    const position: number[] = [];
    const colour: number[] = [];
    const index = Array.from(geometry.index!.array, (n) => {
      const at = [from.position.getX(n), from.position.getY(n), from.position.getZ(n)].map(Math.fround);
      const tint = coloured ? [from.colour.getX(n), from.colour.getY(n), from.colour.getZ(n), 1].map((share) => Math.round(255 * share)) : [];
      const key = [...at, ...tint].join();
      const before = known.get(key);
      if (before !== undefined) return before;
      known.set(key, known.size);
      position.push(...at);
      colour.push(...tint);
      return known.size - 1;
    });
    const attributes: Record<string, number> = { POSITION: this.accessor(new Float32Array(position), "VEC3", ARRAY, true) };
    if (coloured) attributes["COLOR_0"] = this.accessor(new Uint8Array(colour), "VEC4", ARRAY);
    const indices = this.accessor(known.size < 0xffff ? new Uint16Array(index) : new Uint32Array(index), "SCALAR", ELEMENTS);
    return this.meshes.push({ name, primitives: [{ attributes, indices, material }] }) - 1;
  }

  node(node: Node): number {
    return this.nodes.push(node) - 1;
  }

  /** A node that draws its mesh at many places. Racks alike share one list of places, equal to a hundredth of a millimetre. */
  instances(node: Node & { mesh: number }, places: number[]): number {
    const alike = this.placed.find((list) => list.places.length === places.length && list.places.every((metres, n) => Math.abs(metres - places[n]!) < NEAR));
    const TRANSLATION = alike?.accessor ?? this.accessor(new Float32Array(places), "VEC3");
    if (!alike) this.placed.push({ places, accessor: TRANSLATION });
    return this.node({ ...node, extensions: { [INSTANCING]: { attributes: { TRANSLATION } } } });
  }

  /** The file. `root` is the only node of its scene. */
  bytes(scene: string, root: number, generator: string): Uint8Array {
    const content = {
      asset: { version: "2.0", generator },
      extensionsUsed: [INSTANCING],
      extensionsRequired: [INSTANCING],
      scene: 0,
      scenes: [{ name: scene, nodes: [root] }],
      nodes: this.nodes,
      meshes: this.meshes,
      materials: this.materials,
      accessors: this.accessors,
      bufferViews: this.bufferViews,
      buffers: [{ byteLength: this.length }],
    };
    const json = padded(new TextEncoder().encode(JSON.stringify(content)), 0x20);
    const total = 12 + 8 + json.length + 8 + this.length;
    const out = new Uint8Array(total);
    const head = new DataView(out.buffer);
    [MAGIC, 2, total, json.length, JSON_CHUNK].forEach((word, n) => head.setUint32(4 * n, word, true));
    out.set(json, 20);
    head.setUint32(20 + json.length, this.length, true);
    head.setUint32(24 + json.length, BIN_CHUNK, true);
    let at = 28 + json.length;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  private accessor(values: Numbers, type: "SCALAR" | "VEC3" | "VEC4", target?: number, bounds = false): number {
    const wide = { SCALAR: 1, VEC3: 3, VEC4: 4 }[type];
    const bytes = padded(new Uint8Array(values.buffer), 0);
    this.bufferViews.push({ buffer: 0, byteOffset: this.length, byteLength: values.byteLength, ...(target ? { target } : {}) });
    this.parts.push(bytes);
    this.length += bytes.length;
    const componentType = values instanceof Float32Array ? FLOAT : values instanceof Uint8Array ? UNSIGNED_BYTE : values instanceof Uint16Array ? UNSIGNED_SHORT : UNSIGNED_INT;
    return this.accessors.push({
      bufferView: this.bufferViews.length - 1, componentType, count: values.length / wide, type,
      ...(componentType === UNSIGNED_BYTE ? { normalized: true } : {}),
      ...(bounds ? { min: edge(values, wide, Math.min), max: edge(values, wide, Math.max) } : {}),
    }) - 1;
  }
}

/** To a multiple of four bytes, as chunks and accessors must begin. */
function padded(bytes: Uint8Array, fill: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(fill);
  out.set(bytes);
  return out;
}

function edge(values: Numbers, wide: number, of: (a: number, b: number) => number): number[] {
  return Array.from({ length: wide }, (_, axis) => {
    let found = values[axis]!;
    for (let n = axis; n < values.length; n += wide) found = of(found, values[n]!);
    return found;
  });
}
