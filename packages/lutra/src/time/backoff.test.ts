import { describe, expect, it, onTestFinished, vi } from "vitest";
import { backoffMs, delay } from "./backoff.ts";

describe("a pause before an attempt", () => {
  it("doubles with each attempt up to a limit, and is random by half", () => {
    const pace = { baseMs: 100, maxMs: 1000 };
    expect([0, 1, 3, 9].map((attempt) => backoffMs(attempt, () => 0, pace))).toEqual([
      100, 200, 800, 1000,
    ]);
    expect(backoffMs(1, () => 1, pace)).toBe(100);
  });

  it("ends at once when it is aborted", async () => {
    const controller = new AbortController();
    const waiting = delay(60_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
    await expect(delay(60_000, controller.signal)).rejects.toMatchObject({ reason: "aborted" });
  });

  it("ends without a signal", async () => {
    await expect(delay(1)).resolves.toBeUndefined();
  });

  it("longer than the longest timer does not end at once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const controller = new AbortController();
    const waiting = delay(2 ** 31, controller.signal);
    await vi.advanceTimersByTimeAsync(86_400_000);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
  });
});
