import { afterEach, describe, expect, it, vi } from "vitest";
import { fetched } from "../src/page/lazy";

describe("what is fetched later", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("is asked for again until the server gives it", async () => {
    vi.useFakeTimers();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let asked = 0;
    const coming = fetched(async () => {
      asked += 1;
      if (asked < 3) throw new Error("no link");
      return "here";
    });
    await vi.advanceTimersByTimeAsync(2900);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(6000);
    expect(await coming).toBe("here");
    expect(asked).toBe(3);
    expect(warn).toHaveBeenCalledTimes(2);
  });
});
