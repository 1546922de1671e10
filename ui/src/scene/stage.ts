/**
 * The stage: it brings the machine, the eye's journey and the data together and draws when one of them changed. It knows
 * nothing of the page; the page gives it a level, snapshots and a size, and lays the labels.
 */

import type { Color } from "three";
import type { Point, Pose } from "../flight/pose";
import type { Snapshot } from "../figures/snapshot";
import { find, partsOf, type Model } from "../plant/model";
import type { ColourScale } from "../twin2d/colour";
import type { Fields } from "./container";
import { FieldTexture } from "./datatexture";
import type { Ask, Fresh } from "./details/detail";
import { Eye } from "./eye";
import { FieldColours } from "./fieldcolours";
import { Journey } from "./journey";
import { Loop, type Next } from "./loop";
import { placementOf, type Placement } from "./placement";
import { Screen, type Pixels } from "./screen";
import { CLAY } from "./theme";
import { Pace, type Tier } from "./tier";
import type { Focus } from "./views";
import type { Datum } from "./datum";
import { World } from "./world";

export type Theme = "dark" | "light";

export interface Scales {
  cells: ColourScale | null;
  sensors: ColourScale | null;
}

const TIMES = 240; // frames whose cost is kept
const PATIENCE_MS = 600; // that long the first frame waits for the first snapshot

export class Stage {
  readonly place: Placement;
  readonly screen: Screen;
  readonly eye = new Eye();
  readonly journey: Journey;
  world!: World;
  scales: Scales = { cells: null, sensors: null };
  onFrame: (() => void) | null = null;
  /** Called once where the first frames of a flight come too slowly. */
  onSlow: (() => void) | null = null;
  /** Labels stand where the last frame shows their parts. */
  settled = false;
  /** When the first frame with data in it was drawn, ms since the page began to load. */
  first = 0;
  /** Milliseconds of script of the last frames. */
  readonly times: number[] = [];
  private readonly loop = new Loop((seconds, gap) => this.frame(seconds, gap));
  private readonly pace = new Pace();
  private readonly fields: Fields;
  private extremes: readonly [number, number] | null = null;
  private ask: Ask = () => null;
  private fresh: Fresh = () => false;
  private shown: Snapshot | null = null;
  private moving = true;
  private scalesBefore = "";
  private fed = false;
  private placed = false;
  /** Something changed that no frame shows yet. */
  private stale = true;
  private patience = 0;
  private begun = false;

  constructor(
    canvas: HTMLCanvasElement, readonly model: Model, theme: Theme, readonly tier: Tier, private readonly still: boolean,
    private readonly sensorCells: readonly number[],
  ) {
    this.place = placementOf(model.plant, partsOf(model, "pcs"));
    this.screen = new Screen(canvas, tier, () => this.loop.stop(), () => this.loop.start());
    const coloured = (field: Model["cells"]) => field && new FieldColours(new FieldTexture(model, field));
    this.fields = { cells: coloured(model.cells), sensors: coloured(model.sensors) };
    this.journey = new Journey(this.place, still);
    this.paint(theme);
  }

  private get coloured(): FieldColours[] {
    return [this.fields.cells, this.fields.sensors].filter((each) => each !== null);
  }

  /** Builds the machine in the clay of a theme; pose, level and registers stay. */
  paint(theme: Theme): void {
    const before = this.world as World | undefined;
    const clay = CLAY[theme];
    for (const { uniforms } of this.coloured) (uniforms["hatch"]!.value as Color).set(clay.hatch);
    const mapped = (part: string, metric: string) => find(this.model, part, metric) !== null;
    this.world = new World(this.model, this.place, clay, mapped, this.sensorCells, this.fields);
    this.screen.add(this.world.root);
    before?.dispose();
    this.world.feed(this.ask, this.fresh);
    this.world.take(this.shown, this.scales.sensors);
    this.refresh();
  }

  /** Flies to a level; at once where motion is unwanted or `jump` is set. */
  go(level: number, focus: Focus, jump = false): void {
    this.settled = false;
    this.journey.go(level, focus, jump);
    this.refresh();
    this.placed = true;
    if (this.fed) this.begin();
    else this.patience ||= window.setTimeout(() => this.begin(), PATIENCE_MS);
  }

  get flying(): boolean {
    return this.journey.flying;
  }

  /** Drawn with data in it and labelled. */
  get ready(): boolean {
    return this.settled && this.fed && !this.stale && !this.flying && !this.screen.lost;
  }

  /** Takes a snapshot: words for the textures, values for what registers move. */
  take(shown: Snapshot, ask: Ask, fresh: Fresh, scales: Scales, extremes: readonly [number, number] | null, spread: number): void {
    this.ask = ask;
    this.fresh = fresh;
    this.shown = shown;
    const ends = JSON.stringify([extremes, ...[scales.cells, scales.sensors].map((scale) => scale && [scale.from, scale.to, scale.zero, scale.ramp.pixels[0]])]);
    const changed = [...this.coloured.map(({ field }) => field.update(shown)), this.world.feed(ask, fresh), this.world.take(shown, scales.sensors), ends !== this.scalesBefore].some(Boolean);
    this.scalesBefore = ends;
    this.scales = scales;
    this.extremes = extremes;
    this.world.spread = spread;
    this.fed = true;
    if (this.placed) this.begin();
    if (!changed) return;
    if (scales.cells) this.fields.cells?.setScale(scales.cells);
    if (scales.sensors) this.fields.sensors?.setScale(scales.sensors);
    this.refresh();
  }

  /** Draws from now on: the first frame is of a level and has the registers in it, where the plant says anything. */
  private begin(): void {
    clearTimeout(this.patience);
    if (!this.begun) this.loop.start();
    this.begun = true;
  }

  /** Whether what registers move may move: not while time is held, nor where motion is unwanted. */
  setMotion(on: boolean): void {
    this.moving = on && !this.still;
    if (this.moving) this.wake();
  }

  /** Whether anybody can see the stage. */
  setSeen(seen: boolean): void {
    this.loop.setSeen(seen);
  }

  drag(dx: number, dy: number): void {
    this.journey.drag(dx, dy);
    this.refresh();
  }

  resize(width: number, height: number, ratio: number): void {
    if (width === 0 || height === 0) return;
    this.screen.resize(width, height, ratio);
    for (const each of this.coloured) each.setRatio(this.screen.ratio);
    this.eye.setAspect(width / height);
    this.journey.reframe(width / height);
    this.refresh();
  }

  /** The datum under a point of the canvas (-1 … 1, y up). */
  probe(x: number, y: number): Datum | null {
    return this.world.meet(this.eye.ray(x, y));
  }

  /** The mark of a cell's or a sensor's quality as it is drawn. */
  mark(datum: Pick<Datum, "cell" | "sensor">): number {
    if (datum.cell !== null) return this.fields.cells?.field.mark(datum.cell) ?? 0;
    return datum.sensor !== null ? (this.fields.sensors?.field.mark(datum.sensor) ?? 0) : 0;
  }

  /** Centre of a cell of the plant as it is drawn now. */
  cellCentre(cell: number): Point | null {
    return this.world.cellCentre(cell);
  }

  /** Centre of a sensor of the plant. */
  sensorCentre(sensor: number): Point | null {
    return this.world.sensorCentre(sensor);
  }

  project(point: Point): { x: number; y: number; depth: number } | null {
    return this.eye.project(point);
  }

  /** The frame as it is drawn now. */
  pixels(): Pixels {
    return this.screen.pixels(this.eye.camera);
  }

  /** Draws the next frame soon. */
  wake(): void {
    this.loop.wake();
  }

  /** Sets eye and machine as journey and level say, and draws. */
  refresh(): void {
    const { journey } = this;
    this.see(journey.pose);
    this.world.show(journey.shown, journey.look, journey.focus, this.extremes);
    this.stale = true;
    this.wake();
  }

  see(pose: Pose): void {
    this.eye.look(pose);
  }

  /** The lowest and the highest cell of this moment. */
  get ends(): readonly [number, number] | null {
    return this.extremes;
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.loop.dispose();
    this.world.dispose();
    for (const each of this.coloured) {
      each.field.dispose();
      each.dispose();
    }
    this.screen.dispose();
  }

  private frame(seconds: number, gap: number): Next {
    const began = performance.now();
    const { journey } = this;
    const under = journey.moving;
    if (under) {
      journey.step(seconds);
      this.see(journey.pose);
      this.world.show(journey.shown, journey.look, journey.focus, this.extremes);
    }
    const moves = this.moving && this.world.move(seconds);
    this.screen.draw(this.eye.camera);
    this.stale = false;
    this.onFrame?.();
    if (this.fed && !this.first) {
      this.first = performance.now();
      this.screen.prepare(this.eye.camera, [...this.world.textures, ...this.coloured.flatMap(({ textures }) => textures)]);
    }
    this.times.push(performance.now() - began);
    if (this.times.length > TIMES) this.times.shift();
    if (under && gap > 0 && this.pace.slow(gap)) this.onSlow?.();
    return journey.moving ? "on" : moves ? "soon" : "rest";
  }
}
