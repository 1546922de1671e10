/** The canvas and what draws on it: renderer, counts, pixels; context lost and given back. */

import { ColorManagement, LinearSRGBColorSpace, Scene, WebGLRenderer, type Object3D, type PerspectiveCamera, type Texture } from "three";
import { rendererName, type Tier } from "./tier";

export interface Pixels {
  width: number;
  height: number;
  /** RGBA, rows from the bottom up. */
  pixels: Uint8Array;
}

export class Screen {
  readonly counts = { frames: 0, calls: 0, triangles: 0, programs: 0, geometries: 0, textures: 0 };
  readonly scene = new Scene();
  /** Who draws, by its own name. */
  readonly name: string;
  lost = false;
  ratio = 1;
  private readonly renderer: WebGLRenderer;

  /** `back` is told that a lost context came back. Throws where there is no WebGL 2. */
  constructor(private readonly canvas: HTMLCanvasElement, private readonly tier: Tier, private readonly gone: () => void, private readonly back: () => void) {
    ColorManagement.enabled = false;
    this.renderer = new WebGLRenderer({ canvas, antialias: tier === "full", alpha: true, powerPreference: "high-performance" });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.renderer.setClearColor(0, 0);
    // asking a program how its linking went waits for it: seconds, where the processor draws
    this.renderer.debug.checkShaderErrors = false;
    this.name = rendererName(this.renderer.getContext());
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onRestored);
  }

  /** Sends programs and textures ahead, so that no level waits for its own. */
  prepare(camera: PerspectiveCamera, textures: readonly Texture[]): void {
    this.renderer.compile(this.scene, camera);
    for (const texture of textures) this.renderer.initTexture(texture);
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = this.tier === "lite" ? 1 : Math.min(ratio, 2);
    this.renderer.setPixelRatio(this.ratio);
    this.renderer.setSize(width, height, false);
  }

  /** Whether it is as large as its place on the page. */
  get fits(): boolean {
    const { width, height, clientWidth, clientHeight } = this.canvas;
    return width === Math.floor(clientWidth * this.ratio) && height === Math.floor(clientHeight * this.ratio);
  }

  draw(camera: PerspectiveCamera): void {
    this.renderer.render(this.scene, camera);
    const { info } = this.renderer;
    Object.assign(this.counts, {
      frames: this.counts.frames + 1, calls: info.render.calls, triangles: info.render.triangles,
      programs: info.programs?.length ?? 0, geometries: info.memory.geometries, textures: info.memory.textures,
    });
  }

  /** The frame as it would be drawn now. */
  pixels(camera: PerspectiveCamera): Pixels {
    this.renderer.render(this.scene, camera);
    const gl = this.renderer.getContext();
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const pixels = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return { width, height, pixels };
  }

  /** Share of the frame that anything is drawn on. */
  filled(camera: PerspectiveCamera): number {
    if (this.lost) return 0;
    const { pixels } = this.pixels(camera);
    let drawn = 0;
    for (let n = 3; n < pixels.length; n += 4) if (pixels[n]! > 8) drawn++;
    return (4 * drawn) / pixels.length;
  }

  add(part: Object3D): void {
    this.scene.add(part);
  }

  dispose(): void {
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    this.renderer.dispose();
    // the next renderer on this canvas takes over how the last texture was sent
    const gl = this.renderer.getContext();
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    this.lost = true;
    this.gone();
  };

  private readonly onRestored = (): void => {
    this.lost = false;
    this.back();
  };
}
