/** Level 3: on the front of each rack a bar as high as its state of charge, and its two main contactors, open or closed. */

import { BoxGeometry, Group, InstancedMesh, Matrix4, MeshLambertMaterial, Quaternion, Vector3 } from "three";
import type { Box } from "../box";
import { coloured } from "../flow";
import { Solid } from "../solid";
import { drawn, type Ask, type Detail, type Making } from "./detail";

const WIDE = 0.035;
const RELAYS = ["relay_positive", "relay_negative"];
const OPEN = 0.7; // rad

export class RackFront implements Detail {
  readonly group = new Group();
  readonly levels = [3];
  private readonly racks: Box[];
  private readonly bars: InstancedMesh;
  private readonly blades: InstancedMesh;
  private before = "";

  constructor(making: Making) {
    const { clay, stuff, place } = making;
    this.racks = place.containers.flatMap(({ racks }) => racks);
    const solid = new Solid();
    for (const rack of this.racks) {
      const [x, y, z] = this.foot(rack);
      solid.box([x, y + (rack.size[1] - 0.06) / 2, z - 0.008], [WIDE + 0.02, rack.size[1] - 0.04, 0.012], 0x15181b);
      RELAYS.forEach((_, n) => {
        for (const end of [-1, 1]) solid.cylinder([x + 0.1 + n * 0.11, rack.centre[1] + rack.size[1] / 2 - 0.1 + end * 0.05, z], 0.014, 0.03, 2, clay.dark, 12);
      });
    }
    this.group.add(...drawn(solid, stuff));
    const count = Math.max(1, this.racks.length);
    this.bars = coloured(new InstancedMesh(new BoxGeometry(1, 1, 1), new MeshLambertMaterial(), count), 0xf2f4f5);
    this.blades = coloured(new InstancedMesh(new BoxGeometry(0.022, 0.11, 0.014), new MeshLambertMaterial(), 2 * count), clay.ink);
    this.group.add(this.bars, this.blades);
  }

  feed(ask: Ask): boolean {
    const states = this.racks.map(({ part }) => [ask(part!, "soc"), ...RELAYS.map((relay) => ask(part!, relay))]);
    const now = states.map((row) => row.map((value) => value?.toFixed(1)).join()).join(";");
    if (now === this.before) return false;
    this.before = now;
    const matrix = new Matrix4();
    const nowhere = new Matrix4().makeScale(0, 0, 0);
    this.racks.forEach((rack, n) => {
      const [x, y, z] = this.foot(rack);
      const [soc, ...relays] = states[n]!;
      const high = ((rack.size[1] - 0.06) * Math.max(0, Math.min(100, soc ?? 0))) / 100;
      this.bars.setMatrixAt(n, soc === null || soc === undefined ? nowhere : matrix.makeScale(WIDE, high, 0.012).setPosition(x, y + high / 2, z));
      relays.forEach((relay, k) => {
        const turn = new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), relay ? 0 : -OPEN);
        const foot = new Vector3(x + 0.1 + k * 0.11, rack.centre[1] + rack.size[1] / 2 - 0.15, z + 0.02);
        const middle = new Vector3(0, 0.05, 0).applyQuaternion(turn).add(foot);
        this.blades.setMatrixAt(2 * n + k, relay === null ? nowhere : matrix.compose(middle, turn, new Vector3(1, 1, 1)));
      });
    });
    this.bars.instanceMatrix.needsUpdate = this.blades.instanceMatrix.needsUpdate = true;
    return true;
  }

  private foot({ centre, size }: Box): [number, number, number] {
    return [centre[0] - size[0] / 2 + 0.05, centre[1] - size[1] / 2 + 0.03, centre[2] + size[2] / 2 + 0.016];
  }
}
