/** Moving through the record: one question is on its way at a time, and of those that wait only the newest is asked. */

export interface Seeker {
  go(ms: number): void;
  /** What is still on its way is dropped. */
  stop(): void;
}

export function seeker<T>(ask: (ms: number) => Promise<T>, show: (found: T, ms: number) => void, fail: (reason: Error) => void): Seeker {
  let over = false;
  let busy = false;
  let next: number | null = null;
  const run = async () => {
    busy = true;
    while (next !== null && !over) {
      const ms = next;
      next = null;
      try {
        const found = await ask(ms);
        if (!over) show(found, ms);
      } catch (reason) {
        if (!over && next === null) fail(reason as Error);
      }
    }
    busy = false;
  };
  return {
    go(ms) {
      next = ms;
      if (!busy) void run();
    },
    stop() {
      over = true;
    },
  };
}
