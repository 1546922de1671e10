/** Frames on demand: one is drawn when something woke the loop; none before it was started or while nobody looks. */

/** What a frame asks for next: another at once, another when the eye needs it, or rest. */
export type Next = "on" | "soon" | "rest";

const SOON_MS = 33; // what registers move is drawn at most 30 times a second
const LONGEST_STEP_S = 0.12;
const FIRST_STEP_S = 1 / 60;

export class Loop {
  private request = 0;
  private timer = 0;
  private before = 0;
  private stopped = true;
  private seen = true;

  /** `frame` draws; `seconds` have passed for what moves, `gap` milliseconds since the frame before where it followed at once, else 0. */
  constructor(private readonly frame: (seconds: number, gap: number) => Next) {
    document.addEventListener("visibilitychange", this.onVisible);
  }

  /** Draws the next frame soon. */
  wake(): void {
    if (this.request === 0 && !this.stopped) this.request = requestAnimationFrame((now) => this.run(now));
  }

  /** Whether anybody can see it. */
  setSeen(seen: boolean): void {
    this.seen = seen;
    if (seen) this.wake();
  }

  stop(): void {
    this.stopped = true;
    cancelAnimationFrame(this.request);
    clearTimeout(this.timer);
    this.request = 0;
  }

  start(): void {
    this.stopped = false;
    this.wake();
  }

  dispose(): void {
    this.stop();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  private readonly onVisible = (): void => {
    if (!document.hidden) this.wake();
  };

  private run(now: number): void {
    this.request = 0;
    if (document.hidden || !this.seen) {
      this.before = 0;
      return;
    }
    const gap = this.before === 0 ? 0 : now - this.before;
    const next = this.frame(gap === 0 ? FIRST_STEP_S : Math.min(gap / 1000, LONGEST_STEP_S), gap);
    this.before = next === "rest" ? 0 : now;
    clearTimeout(this.timer);
    if (next === "on") this.wake();
    else if (next === "soon") this.timer = window.setTimeout(() => this.wake(), Math.max(0, SOON_MS - (performance.now() - now)));
  }
}
