/** Level 13: the meter's own display, its digits as the registers say; dashes where a register has no value. */

import { CanvasTexture, Group, Mesh, MeshBasicMaterial, PlaneGeometry } from "three";
import { DISPLAY, displayAt } from "../machine";
import type { Ask, Detail, Making } from "./detail";

const [WIDE, HIGH] = [320, 192];
const ROWS: [sign: string, metric: string, per: number, digits: number, unit: string][] = [
  ["P", "active_power", 1e3, 1, "kW"],
  ["Q", "reactive_power", 1e3, 1, "kvar"],
  ["E−", "energy_export", 1e6, 3, "MWh"],
  ["E+", "energy_import", 1e6, 3, "MWh"],
];

export class Display implements Detail {
  readonly group = new Group();
  readonly levels = [1, 13];
  private readonly canvas = document.createElement("canvas");
  private readonly texture: CanvasTexture;
  private before: string | null = null;

  constructor({ place }: Making) {
    [this.canvas.width, this.canvas.height] = [WIDE, HIGH];
    this.texture = new CanvasTexture(this.canvas);
    const mesh = new Mesh(new PlaneGeometry(...DISPLAY), new MeshBasicMaterial({ map: this.texture }));
    mesh.position.set(...displayAt(place.meter));
    this.group.add(mesh);
  }

  feed(ask: Ask): boolean {
    const rows = ROWS.map(([sign, metric, per, digits, unit]) => {
      const value = ask("meter", metric);
      return [sign, value === null ? "–––––" : (value / per).toFixed(digits), unit];
    });
    const now = rows.join();
    if (now === this.before) return false;
    this.before = now;
    const pen = this.canvas.getContext("2d", { willReadFrequently: true })!;
    pen.fillStyle = "#b9c4b4";
    pen.fillRect(0, 0, WIDE, HIGH);
    pen.fillStyle = "#1a211a";
    rows.forEach(([sign, number, unit], n) => {
      const y = 40 + n * 44;
      pen.font = "20px monospace";
      pen.textAlign = "left";
      pen.fillText(sign!, 12, y);
      pen.fillText(unit!, 256, y);
      pen.font = "bold 30px monospace";
      pen.textAlign = "right";
      pen.fillText(number!, 246, y);
    });
    this.texture.needsUpdate = true;
    return true;
  }
}
