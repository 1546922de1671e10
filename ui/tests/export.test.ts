import { describe, expect, it } from "vitest";
import { plantGlb, type Exported } from "../src/export/plant";
import { placementOf } from "../src/scene/placement";

const SLOW_MS = 30_000; // a machine with much else to do

/** A plant of two containers of one size and any number of converters. */
function plantOf(racks: number, modules: number, cells: number, converters: number): Exported {
  const pcs = Array.from({ length: converters }, (_, n) => `pcs${n + 1}`);
  return {
    id: "made-up", label: "Made up", badge: "EMULATOR", nameplate: {}, power_w: 1e6, energy_wh: null, metadata: {},
    anatomy: {
      containers: ["c1", "c2"].map((id) => ({ id, racks, modules, cells, sensors: 0 })),
      buses: [{ id: "bus1", pcs: pcs[0] ?? null, racks: ["c1/r01"] }],
    },
    oneline: { nodes: [{ id: "grid", kind: "grid" }, ...[...pcs].reverse().map((id) => ({ id, kind: "pcs" }))] },
  };
}

interface Content {
  nodes: { name: string; mesh?: number; translation?: number[]; children?: number[]; extras?: { kind: string }; extensions?: Record<string, { attributes: { TRANSLATION: number } }> }[];
  accessors: { bufferView: number; count: number }[];
  bufferViews: { byteOffset: number; byteLength: number }[];
}

function opened(bytes: Uint8Array): { content: Content; floats(accessor: number): Float32Array } {
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  const long = words.getUint32(12, true);
  const content = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + long))) as Content;
  return {
    content,
    floats(accessor) {
      const { byteOffset, byteLength } = content.bufferViews[content.accessors[accessor]!.bufferView]!;
      const from = 28 + long + byteOffset;
      return new Float32Array(bytes.slice(from, from + byteLength).buffer);
    },
  };
}

/** The largest distance of a number from where it should be. */
function farthest(found: Float32Array, wanted: (n: number) => number): number {
  return found.reduce((most, metres, n) => Math.max(most, Math.abs(metres - wanted(n))), 0);
}

describe("the exported plant", () => {
  it.each([[12, 4, 104, 2], [8, 20, 12, 4], [3, 2, 7, 0]])("has all cells and modules of %i × %i × %i where the scene draws them", (racks, modules, cells, converters) => {
    const plant = plantOf(racks, modules, cells, converters);
    const place = placementOf(plant, Array.from({ length: converters }, (_, n) => `pcs${n + 1}`));
    const { content, floats } = opened(plantGlb(plant, "test"));
    const named = new Map(content.nodes.map((node) => [node.name, node]));
    expect(named.size).toBe(content.nodes.length);
    for (const container of place.containers) {
      let cell = 0;
      let module = 0;
      for (const { part, centre } of container.racks) {
        const rack = named.get(part!)!;
        expect(rack.translation).toEqual([...centre]);
        const of = (kind: string) => {
          const node = rack.children!.map((n) => content.nodes[n]!).find(({ extras }) => extras?.kind === kind)!;
          return floats(node.extensions!["EXT_mesh_gpu_instancing"]!.attributes.TRANSLATION);
        };
        const [cells, modules] = [of("cell"), of("module")];
        expect(farthest(cells, (n) => container.cells[cell + n]! - centre[n % 3]!)).toBeLessThan(2e-5);
        cell += cells.length;
        expect(farthest(modules, (n) => container.modules[module + Math.floor(n / 3)]!.centre[n % 3]! - centre[n % 3]!)).toBeLessThan(2e-5);
        module += modules.length / 3;
      }
      expect([cell, module]).toEqual([container.cells.length, container.modules.length]);
    }
    place.pcs.forEach(({ part, centre }) => expect(named.get(part!)!.translation).toEqual([...centre]));
  }, SLOW_MS);

  it("keeps one list of places for all racks alike", () => {
    const { content } = opened(plantGlb(plantOf(12, 4, 104, 2), "test"));
    const lists = new Set(content.nodes.flatMap(({ extensions }) => (extensions ? [extensions["EXT_mesh_gpu_instancing"]!.attributes.TRANSLATION] : [])));
    expect(lists.size).toBe(2);
  }, SLOW_MS);
});
