/**
 * Colours of data: cividis for magnitude (Nuñez et al. 2018, PLoS ONE 13(7) e0199239), blue – white – orange for deviation.
 * Both keep their order for every kind of colour vision; neither is used for states.
 */

const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const DIVERGING = ["#0b3c7d", "#2f6fb3", "#6fa3d4", "#b3cfe8", "#f4f3ef", "#f5cfa3", "#eea05a", "#d26a1c", "#8f3d05"];

export const STEPS = 1024;

export interface Ramp {
  /** Colours as little-endian RGBA, ready for the pixels of a canvas. */
  pixels: Uint32Array;
  css(share: number): string;
}

function rampOf(stops: string[]): Ramp {
  const rgb = stops.map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
  const pixels = new Uint32Array(STEPS);
  for (let i = 0; i < STEPS; i++) {
    const place = (i / (STEPS - 1)) * (rgb.length - 1);
    const low = Math.min(rgb.length - 2, Math.floor(place));
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(rgb[low]![c]! + (place - low) * (rgb[low + 1]![c]! - rgb[low]![c]!)));
    pixels[i] = ((255 << 24) | (b! << 16) | (g! << 8) | r!) >>> 0;
  }
  const css = (share: number) => {
    const pixel = pixels[stepOf(share)]!;
    return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
  };
  return { pixels, css };
}

/** Index into a ramp for a share of its range, held to the range. */
export function stepOf(share: number): number {
  return Math.max(0, Math.min(STEPS - 1, Math.round(share * (STEPS - 1))));
}

export const cividis = rampOf(CIVIDIS);
export const diverging = rampOf(DIVERGING);

/** Colour of a deviation that stands alone on the ground: never so pale that it is lost there. */
export function deviationColour(deviation: number, reach: number): string {
  const share = Math.min(1, Math.abs(deviation) / reach);
  return diverging.css(0.5 + Math.sign(deviation) * (0.2 + 0.3 * share));
}

/** A colour scale: from and to in SI, and the ramp between. */
export interface ColourScale {
  from: number;
  to: number;
  ramp: Ramp;
  /** Subtracted from a value before it is looked up. */
  zero: number;
}

export function shareOf(scale: ColourScale, value: number): number {
  return (value - scale.zero - scale.from) / (scale.to - scale.from);
}
