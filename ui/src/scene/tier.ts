/** How much the machine that draws can bear: chosen by its name, and again by how slow its first frames are. */

/** `lite` draws without smoothed edges, one pixel for each of the page's. */
export type Tier = "full" | "lite";

/** Rasterisers that run on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
/** Frames that are looked at, after the first ones that still compile. */
const FRAMES = 10;
const SKIPPED = 3;
/** Between two frames of a flight; a picture that comes later than this judders. */
const SLOW_MS = 45;

export function rendererName(gl: WebGLRenderingContext | WebGL2RenderingContext): string {
  const known = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(known ? known.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

export function tierOf(renderer: string): Tier {
  return SOFTWARE.test(renderer) ? "lite" : "full";
}

let here: Tier | null | undefined;

/** The tier of this browser, asked once of a context that is given back; null where nothing draws in space. */
export function tierHere(): Tier | null {
  if (here !== undefined) return here;
  const gl = document.createElement("canvas").getContext("webgl2");
  here = gl ? tierOf(rendererName(gl)) : null;
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return here;
}

/** Watches the first frames that follow on one another. */
export class Pace {
  private readonly gaps: number[] = [];
  private skipped = 0;

  /** Takes the time between two frames in a row; true once, when most of them were slow. */
  slow(milliseconds: number): boolean {
    if (this.gaps.length >= FRAMES || this.skipped++ < SKIPPED) return false;
    this.gaps.push(milliseconds);
    return this.gaps.length === FRAMES && [...this.gaps].sort((a, b) => a - b)[FRAMES / 2]! > SLOW_MS;
  }
}
