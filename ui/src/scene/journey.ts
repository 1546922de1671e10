/** Where the eye is on its way: in flight to a level, turned by hand, or at rest. Knows views and poses, draws nothing. */

import { plan, type Flight, type Views } from "../flight/planner";
import { eyeOf, length, minus, type Pose } from "../flight/pose";
import { Spring } from "../flight/spring";
import { turned } from "./fit";
import { lookBetween, lookOf, type Look } from "./looks";
import { Orbit } from "./orbit";
import type { Placement } from "./placement";
import { levelView, SITE, viewsOf, type Focus } from "./views";

/** Views that a flight of ordinary length passes. */
const ORDINARY = 2.2;

export class Journey {
  /** The level that is flown to or shown. */
  level = 0;
  focus: Focus = { container: 0, module: 0, cell: 0, pcs: 0 };
  private readonly orbit = new Orbit();
  private readonly spring = new Spring();
  private views: Views;
  private view = SITE;
  private base: Pose;
  private target: Pose | null = null;
  private flight: Flight | null = null;
  private looks: [Look, Look] = [lookOf(0), lookOf(0)];
  private before = 0;
  private aspect = 2;

  /** `still`: every flight ends at once. */
  constructor(private readonly place: Placement, private readonly still: boolean) {
    this.views = viewsOf(place, this.focus, this.aspect);
    this.base = this.views.get(SITE)!.pose;
  }

  get flying(): boolean {
    return !this.spring.still;
  }

  get moving(): boolean {
    return this.flying || this.orbit.moving;
  }

  get pose(): Pose {
    return this.orbit.turned ? turned(this.base, this.orbit.yaw, this.orbit.pitch) : this.base;
  }

  get look(): Look {
    return lookBetween(this.looks[0], this.looks[1], this.spring.value);
  }

  /** The level whose details are shown: they change half way. */
  get shown(): number {
    return this.spring.value < 0.5 ? this.before : this.level;
  }

  /** Sets out for a level; at once where motion is unwanted or `jump` is set. */
  go(level: number, focus: Focus, jump: boolean): void {
    this.focus = focus;
    this.views = viewsOf(this.place, focus, this.aspect);
    const to = levelView(level);
    const target = this.views.get(to)!.pose;
    if (level === this.level && same(target, this.target)) return;
    const here = this.pose;
    const near = same(target, here);
    const look = this.look;
    this.before = this.shown;
    this.target = target;
    this.base = here;
    this.orbit.reset();
    this.flight = plan(this.views, here, this.view, to);
    this.looks = [look, lookOf(level)];
    this.level = level;
    this.view = to;
    this.spring.start(ORDINARY / Math.max(ORDINARY, this.flight.names.length));
    if (jump || this.still || near) this.spring.finish();
    this.advance();
  }

  step(seconds: number): void {
    if (this.flying) this.spring.step(seconds);
    if (this.orbit.moving) this.orbit.step(seconds);
    this.advance();
  }

  /** Turns the machine by pixels of the hand; a flight ends where it leads. */
  drag(dx: number, dy: number): void {
    this.spring.finish();
    this.advance();
    this.flight = null;
    this.orbit.drag(dx, dy);
    if (this.still) this.orbit.finish();
  }

  /** The frame's width over its height changed. */
  reframe(aspect: number): void {
    this.aspect = aspect;
    this.views = viewsOf(this.place, this.focus, aspect);
    if (this.flying || this.orbit.turned) return;
    this.flight = null;
    this.target = this.base = this.views.get(this.view)!.pose;
  }

  /** The flight from one level to another as it is flown from rest. */
  between(from: number, to: number): Flight {
    return plan(this.views, this.views.get(levelView(from))!.pose, levelView(from), levelView(to));
  }

  private advance(): void {
    if (this.flight) this.base = this.flight.at(this.spring.value);
  }
}

function same(a: Pose, b: Pose | null): boolean {
  return b !== null && length(minus(eyeOf(a), eyeOf(b))) < 1e-6 && length(minus(a.look, b.look)) < 1e-6;
}
