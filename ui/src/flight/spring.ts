/** A critically damped spring from 0 to 1: it starts gently, ends without swinging, and may be cut short at any time. */

const OMEGA = 5; // 1/s: settles in about 1.2 s
const NEAR = 1e-3;

export class Spring {
  value = 1;
  private speed = 0;

  /** `pace` below 1 makes a long flight slower. */
  start(pace = 1): void {
    this.value = 0;
    this.speed = 0;
    this.pace = pace;
  }

  private pace = 1;

  get still(): boolean {
    return this.value === 1;
  }

  /** Advances by `seconds`; exact for any step. */
  step(seconds: number): number {
    if (this.still) return 1;
    const omega = OMEGA * this.pace;
    const away = this.value - 1;
    const pull = this.speed + omega * away;
    const fade = Math.exp(-omega * seconds);
    this.value = 1 + (away + pull * seconds) * fade;
    this.speed = (this.speed - omega * pull * seconds) * fade;
    if (1 - this.value < NEAR && Math.abs(this.speed) < NEAR * omega) this.value = 1;
    return this.value;
  }

  /** Ends the flight at once. */
  finish(): void {
    this.value = 1;
    this.speed = 0;
  }
}
