/** Colours of the machine itself: grey. Colour belongs to data. */

export interface Clay {
  ground: number;
  /** Strength of contact shadows. */
  shadow: number;
  body: number;
  light: number;
  dark: number;
  edge: number;
  hatch: number;
  /** What moves: arrows, fills, blades. */
  ink: number;
}

export const CLAY: Record<"dark" | "light", Clay> = {
  dark: { ground: 0x33383d, shadow: 0.55, body: 0x9aa1a8, light: 0xb4bac0, dark: 0x596068, edge: 0x1c2024, hatch: 0x4a5158, ink: 0xf2f4f5 },
  light: { ground: 0xcfcbc3, shadow: 0.34, body: 0xc9c6bf, light: 0xdcd9d2, dark: 0x8b8983, edge: 0x4d4b47, hatch: 0xa9a69f, ink: 0x1d2226 },
};
