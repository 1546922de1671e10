/**
 * The stage: renderer, camera, flight. It draws only when something changed: a flight, a frame of data, a size, or what
 * a register moves. It knows nothing of the page; the page gives it a level, a snapshot and a size, and lays the labels.
 */

import { ColorManagement, Color, LinearSRGBColorSpace, PerspectiveCamera, Raycaster, Scene, Vector3, WebGLRenderer } from "three";
import { plan, type Flight, type Views } from "../flight/planner";
import { eyeOf, length, minus, type Point, type Pose } from "../flight/pose";
import { Spring } from "../flight/spring";
import type { Snapshot } from "../figures/snapshot";
import { find, partsOf, type Model } from "../plant/model";
import type { ColourScale } from "../twin2d/colour";
import { FieldTexture } from "./datatexture";
import type { Ask } from "./details/detail";
import { FieldColours, SHADE } from "./fieldshader";
import { FOV, turned } from "./fit";
import { lookBetween, lookOf, type Look } from "./looks";
import { Orbit } from "./orbit";
import { nearest } from "./pick";
import { CELL_SIZE, placementOf, type Placement } from "./placement";
import { CLAY } from "./theme";
import { levelView, SITE, viewsOf, type Focus } from "./views";
import { World } from "./world";

const LONGEST_STEP_S = 0.12;
const MOVING_EVERY_MS = 33; // what registers move is drawn at most 30 times a second

/** Out of every ray's way. */
const NOWHERE: Point = [0, -1e6, 0];

export type Theme = "dark" | "light";

export interface Probe {
  cell: number;
  face: "top" | "side" | "front";
  /** What the data's colour is multiplied with on this face. */
  shade: number;
}

export class Stage {
  readonly place: Placement;
  readonly counts = { frames: 0, calls: 0, triangles: 0, programs: 0, geometries: 0, textures: 0, built: 0 };
  scale: ColourScale | null = null;
  onFrame: (() => void) | null = null;
  /** Labels stand where the last frame shows their parts. */
  settled = false;
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FOV, 2, 0.02, 300);
  private readonly fields: { cells: FieldTexture | null; sensors: FieldTexture | null };
  private readonly colours: { cells: FieldColours | null; sensors: FieldColours | null };
  private readonly spring = new Spring();
  private readonly orbit = new Orbit();
  private world!: World;
  private views: Views;
  private view = SITE;
  private level = 0;
  private focus: Focus = { container: 0, module: 0, cell: 0, pcs: 0 };
  private base: Pose;
  private pose: Pose;
  private target: Pose | null = null;
  private flight: Flight | null = null;
  private looks: [Look, Look] = [lookOf(0), lookOf(0)];
  private extremes: [number, number] | null = null;
  private ask: Ask = () => null;
  private moving = true;
  /** Drawn by the processor: no more pixels than the frame has. */
  private readonly soft: boolean;
  private seen = true;
  private lost = false;
  private request = 0;
  private timer = 0;
  private before = 0;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly model: Model, theme: Theme, private readonly still: boolean, private readonly sensorCells: number[]) {
    ColorManagement.enabled = false;
    this.place = placementOf(model.plant, partsOf(model, "pcs"));
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "high-performance" });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.renderer.setClearColor(0, 0);
    this.soft = SOFTWARE.test(rendererName(this.renderer.getContext()));
    this.fields = { cells: model.cells ? new FieldTexture(model, model.cells) : null, sensors: model.sensors ? new FieldTexture(model, model.sensors) : null };
    this.colours = {
      cells: this.fields.cells && new FieldColours(this.fields.cells),
      sensors: this.fields.sensors && new FieldColours(this.fields.sensors),
    };
    this.views = viewsOf(this.place, this.focus);
    this.pose = this.base = this.views.get(SITE)!.pose;
    this.paint(theme);
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onRestored);
    document.addEventListener("visibilitychange", this.onVisible);
  }

  /** Builds the machine in the clay of a theme; pose, level and registers stay. */
  paint(theme: Theme): void {
    this.world?.dispose();
    const clay = CLAY[theme];
    for (const colours of [this.colours.cells, this.colours.sensors]) (colours?.uniforms["hatch"]!.value as Color | undefined)?.set(clay.hatch);
    const mapped = (part: string, metric: string) => find(this.model, part, metric) !== null;
    this.world = new World(this.model, this.place, clay, mapped, this.sensorCells, this.colours);
    this.scene.add(this.world.root);
    this.world.feed(this.ask);
    this.apply();
    this.wake();
  }

  /** Flies to a level; at once where motion is unwanted or `jump` is set. */
  go(level: number, focus: Focus, jump = false): void {
    this.focus = focus;
    this.views = viewsOf(this.place, focus, this.camera.aspect);
    const to = levelView(level);
    const target = this.views.get(to)!.pose;
    if (level === this.level && same(target, this.target)) {
      this.apply();
      this.wake();
      return;
    }
    this.target = target;
    this.settled = false;
    const near = same(target, this.pose);
    this.base = this.pose;
    this.orbit.reset();
    this.flight = plan(this.views, this.pose, this.view, to);
    this.looks = [this.look(), lookOf(level)];
    this.level = level;
    this.view = to;
    this.spring.start(2.2 / Math.max(2.2, this.flight.names.length));
    if (jump || this.still || near) this.spring.finish();
    this.apply();
    this.wake();
  }

  get flying(): boolean {
    return !this.spring.still;
  }

  get where(): Pose {
    return this.pose;
  }

  setScales(cells: ColourScale | null, sensors: ColourScale | null): void {
    this.scale = cells;
    if (cells) this.colours.cells?.setScale(cells);
    if (sensors) this.colours.sensors?.setScale(sensors);
  }

  /** Takes a frame of data: words for the textures, values for what registers move. */
  setSnapshot(shown: Snapshot, ask: Ask, extremes: [number, number] | null, spread: number): void {
    const scale = JSON.stringify([this.scale?.from, this.scale?.to, this.scale?.zero]);
    const ends = extremes?.join();
    this.ask = ask;
    const changed = [
      this.fields.cells?.update(shown) ?? false, this.fields.sensors?.update(shown) ?? false, this.world.feed(ask),
      scale !== this.scaleBefore, ends !== this.extremes?.join(),
    ].some(Boolean);
    this.scaleBefore = scale;
    this.extremes = extremes;
    this.world.spread = spread;
    if (!changed) return;
    this.apply();
    this.wake();
  }

  private scaleBefore = "";

  /** Whether what registers move may move: not while the page is held, nor where motion is unwanted. */
  setMotion(on: boolean): void {
    this.moving = on && !this.still;
    if (this.moving) this.wake();
  }

  /** Whether anybody can see the stage. */
  setSeen(seen: boolean): void {
    this.seen = seen;
    if (seen) this.wake();
  }

  drag(dx: number, dy: number): void {
    this.spring.finish();
    this.base = this.flight ? this.flight.at(1) : this.base;
    this.flight = null;
    this.orbit.drag(dx, dy);
    if (this.still) this.orbit.finish();
    this.apply();
    this.wake();
  }

  resize(width: number, height: number, ratio: number): void {
    if (width === 0 || height === 0) return;
    this.renderer.setPixelRatio(this.soft ? 1 : Math.min(ratio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.views = viewsOf(this.place, this.focus, this.camera.aspect);
    if (!this.flying && !this.orbit.turned) {
      this.flight = null;
      this.target = this.base = this.views.get(this.view)!.pose;
    }
    this.apply();
    this.wake();
  }

  /** The cell under a point of the canvas (-1 … 1, y up) and the face that is seen; null where there is none. */
  probe(x: number, y: number): Probe | null {
    if (this.look().walls < 0.5) return null;
    const way = new Vector3(x, y, 0.5).unproject(this.camera).sub(this.camera.position).normalize();
    const eye: Point = [this.camera.position.x, this.camera.position.y, this.camera.position.z];
    let first = 0;
    let best: Probe | null = null;
    let least = Infinity;
    for (const battery of this.world.batteries) {
      const { shown } = battery;
      const count = battery.cells.count;
      if (shown) {
        const centres = new Float32Array(3 * (shown.below - shown.from));
        for (let n = shown.from; n < shown.below; n++) centres.set(n === shown.lifted ? NOWHERE : battery.centre(n), 3 * (n - shown.from));
        const size: Point = [CELL_SIZE[0] * shown.size, CELL_SIZE[1] * shown.size, CELL_SIZE[2] * shown.size];
        const found = nearest(centres, size, eye, [way.x, way.y, way.z]);
        if (found >= 0) {
          const centre: Point = [centres[3 * found]!, centres[3 * found + 1]!, centres[3 * found + 2]!];
          const met = faceOf(eye, [way.x, way.y, way.z], centre, size);
          if (met.far < least) {
            least = met.far;
            best = { cell: first + shown.from + found, face: met.face, shade: met.shade };
          }
        }
      }
      first += count;
    }
    if (!best) return null;
    // what stands before it: clay, busbars, cabinets
    const ray = new Raycaster(this.camera.position.clone(), way, 0, least - 1e-4);
    return ray.intersectObjects(this.world.solids(), false).length > 0 ? null : best;
  }

  /** Centre of a cell of the plant as it is drawn now. */
  cellCentre(cell: number): Point | null {
    return this.world.cellCentre(cell);
  }

  /** Where a point of the site is on the canvas (shares of its size), null behind the camera. */
  project(point: Point): { x: number; y: number; depth: number } | null {
    const seen = new Vector3(...point).project(this.camera);
    return seen.z > 1 || seen.z < -1 ? null : { x: (seen.x + 1) / 2, y: (1 - seen.y) / 2, depth: seen.z };
  }

  /** Share of the frame's pixels that show the machine, ground and sky left out, at a share of the flight in hand. */
  coverage(share = 1): number {
    if (this.lost) return 0;
    const kept = this.pose;
    if (this.flight) this.look3d(this.flight.at(share));
    this.world.ground.visible = false;
    const { pixels } = this.pixels();
    this.world.ground.visible = true;
    this.look3d(kept);
    let machine = 0;
    for (let n = 3; n < pixels.length; n += 4) if (pixels[n]! > 8) machine++;
    this.wake();
    return (4 * machine) / pixels.length;
  }

  /** Share of machine in sampled frames of every flight from one level to another: [from, to, share of the way, pixels]. */
  flights(levels = 14, samples = [0.25, 0.5, 0.75, 1]): [number, number, number, number][] {
    const kept = { flight: this.flight, base: this.base, looks: this.looks, level: this.level, shown: this.shownLevel, spring: this.spring.value };
    const out: [number, number, number, number][] = [];
    for (let from = 1; from <= levels; from++) {
      for (let to = 1; to <= levels; to++) {
        if (from === to) continue;
        this.flight = plan(this.views, this.views.get(levelView(from))!.pose, levelView(from), levelView(to));
        for (const share of samples) {
          const level = share < 0.5 ? from : to;
          this.world.show(level, lookBetween(lookOf(from), lookOf(to), share), this.focus, this.extremes);
          out.push([from, to, share, this.coverage(share)]);
        }
      }
    }
    Object.assign(this, { flight: kept.flight, base: kept.base, looks: kept.looks, level: kept.level, shownLevel: kept.shown });
    this.apply();
    return out;
  }

  /** The frame as it is drawn now, rows from the bottom up, RGBA. */
  pixels(): { width: number; height: number; pixels: Uint8Array } {
    this.renderer.render(this.scene, this.camera);
    const gl = this.renderer.getContext();
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const pixels = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return { width, height, pixels };
  }

  /** Draws the next frame soon. */
  wake(): void {
    if (this.request === 0 && !this.lost) this.request = requestAnimationFrame((now) => this.draw(now));
  }

  dispose(): void {
    cancelAnimationFrame(this.request);
    clearTimeout(this.timer);
    this.request = -1;
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.world.dispose();
    for (const each of [this.colours.cells, this.colours.sensors, this.fields.cells, this.fields.sensors]) each?.dispose();
    this.renderer.dispose();
  }

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    this.lost = true;
    cancelAnimationFrame(this.request);
    this.request = 0;
  };

  private readonly onRestored = (): void => {
    this.lost = false;
    this.wake();
  };

  private readonly onVisible = (): void => {
    if (!document.hidden) this.wake();
  };

  private draw(now: number): void {
    this.request = 0;
    if (document.hidden || !this.seen) return;
    const seconds = Math.min((now - this.before) / 1000, LONGEST_STEP_S);
    const under = this.flying || this.orbit.moving;
    if (this.flying) this.spring.step(seconds);
    if (this.orbit.moving) this.orbit.step(seconds);
    if (under) this.apply();
    this.before = now;
    const moves = this.moving && this.world.move(seconds);
    this.renderer.render(this.scene, this.camera);
    const { info } = this.renderer;
    Object.assign(this.counts, {
      frames: this.counts.frames + 1, calls: info.render.calls, triangles: info.render.triangles, programs: info.programs?.length ?? 0,
      built: this.world.geometries, geometries: info.memory.geometries, textures: info.memory.textures,
    });
    this.onFrame?.();
    if (this.flying || this.orbit.moving) this.wake();
    else if (moves) {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.wake(), Math.max(0, MOVING_EVERY_MS - (performance.now() - now)));
    }
  }

  private look(): Look {
    return lookBetween(this.looks[0], this.looks[1], this.spring.value);
  }

  /** Sets camera and machine as flight, hand and level say. */
  private apply(): void {
    if (this.flight) this.base = this.flight.at(this.spring.value);
    this.look3d(this.orbit.turned ? turned(this.base, this.orbit.yaw, this.orbit.pitch) : this.base);
    this.world.show(this.spring.value < 0.5 ? this.shownLevel : (this.shownLevel = this.level), this.look(), this.focus, this.extremes);
  }

  private shownLevel = 0;

  private look3d(pose: Pose): void {
    this.pose = pose;
    this.camera.position.set(...eyeOf(pose));
    this.camera.near = Math.max(0.02, pose.distance * 0.03);
    this.camera.lookAt(...pose.look);
    this.camera.updateProjectionMatrix();
    this.camera.updateMatrixWorld();
  }
}

const SOFTWARE = /swiftshader|llvmpipe|software/i;

function rendererName(gl: WebGLRenderingContext | WebGL2RenderingContext): string {
  const known = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(known ? known.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

function same(a: Pose, b: Pose | null): boolean {
  return b !== null && length(minus(eyeOf(a), eyeOf(b))) < 1e-6 && length(minus(a.look, b.look)) < 1e-6;
}

/** Which face of a box a ray meets first. */
function faceOf(eye: Point, way: Point, centre: Point, size: Point): Omit<Probe, "cell"> & { far: number } {
  let enter = -Infinity;
  let axis = 0;
  for (let k = 0; k < 3; k++) {
    if (Math.abs(way[k]!) < 1e-12) continue;
    const near = (centre[k]! - Math.sign(way[k]!) * (size[k]! / 2) - eye[k]!) / way[k]!;
    if (near > enter) [enter, axis] = [near, k];
  }
  const [face, shade] = ([["side", SHADE[0]], ["top", 1], ["front", SHADE[1]]] as const)[axis]!;
  return { face, shade, far: enter };
}
