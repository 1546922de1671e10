/** Which request was answered last: the answers of a frame in their order, slowed down so that each is seen in its turn. */

/** A device answers all its requests within milliseconds; here the answers of a frame take about this long. */
const FRAME_MS = 1000;

interface Answer {
  block: number;
  ms: number;
}

export class Replay {
  private waiting: Answer[] = [];
  private shown: number[] = [];
  private due = 0;
  /** Answers that are shown in the time of a frame. */
  private pace = 1;
  private last: Float64Array | null = null;

  constructor(private readonly blocks: readonly number[], private readonly most: number) {}

  /** Takes the times of a frame: what was answered since the last one waits in the order of the answers. */
  take(blockMs: Float64Array): void {
    for (const block of this.blocks) {
      const ms = blockMs[block]!;
      if (ms > 0 && ms !== this.last?.[block]) this.waiting.push({ block, ms });
    }
    this.last = Float64Array.from(blockMs);
    this.waiting.sort((a, b) => a.ms - b.ms);
    this.pace = Math.max(1, this.waiting.length);
  }

  /** The blocks that were answered last, the newest first, as the time that has passed lets them be seen. */
  step(passedMs: number): readonly number[] {
    this.due += (passedMs * this.pace) / FRAME_MS;
    const count = Math.min(this.waiting.length, Math.floor(this.due));
    this.due = this.waiting.length > count ? this.due - count : 0;
    const fresh = this.waiting.splice(0, count).map(({ block }) => block);
    if (count > 0) this.shown = [...fresh.reverse(), ...this.shown].slice(0, this.most);
    return this.shown;
  }
}

/** The cells of each block: their indices in the field, ascending. */
export function cellsOfBlocks(points: Int32Array, block: readonly number[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  points.forEach((point, cell) => {
    const of = point >= 0 ? block[point]! : -1;
    if (of < 0) return;
    const cells = found.get(of);
    if (cells) cells.push(cell);
    else found.set(of, [cell]);
  });
  return found;
}
