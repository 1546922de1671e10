/** Turning the machine by hand: the drag sets a goal, the camera follows it damped; a flight ends it. */

const FOLLOW = 12; // 1/s
const STILL = 5e-4; // rad
const PER_PIXEL = 0.006;

export class Orbit {
  yaw = 0;
  pitch = 0;
  private goal = { yaw: 0, pitch: 0 };

  get moving(): boolean {
    return Math.abs(this.goal.yaw - this.yaw) + Math.abs(this.goal.pitch - this.pitch) > STILL;
  }

  get turned(): boolean {
    return this.yaw !== 0 || this.pitch !== 0 || this.moving;
  }

  drag(dx: number, dy: number): void {
    this.goal.yaw -= dx * PER_PIXEL;
    this.goal.pitch = Math.max(-1.4, Math.min(1.4, this.goal.pitch + dy * PER_PIXEL));
  }

  step(seconds: number): void {
    const share = 1 - Math.exp(-FOLLOW * seconds);
    this.yaw += (this.goal.yaw - this.yaw) * share;
    this.pitch += (this.goal.pitch - this.pitch) * share;
    if (!this.moving) this.finish();
  }

  finish(): void {
    this.yaw = this.goal.yaw;
    this.pitch = this.goal.pitch;
  }

  reset(): void {
    this.yaw = this.pitch = this.goal.yaw = this.goal.pitch = 0;
  }
}
