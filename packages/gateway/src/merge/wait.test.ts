import { describe, expect, it, onTestFinished, vi } from "vitest";
import { backoffMs, delay, within } from "./wait.ts";

const never = () => new Promise<never>(() => {});

describe("waiting", () => {
  it("takes longer each time, up to a bound, of which half is left to chance", () => {
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

  it("for longer than timers can does not end at once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const controller = new AbortController();
    const waiting = delay(2 ** 31, controller.signal);
    await vi.advanceTimersByTimeAsync(86_400_000);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
  });

  it("for work is over when its time is, and the work is told", async () => {
    const { signal } = new AbortController();
    let told: AbortSignal | undefined;
    const work = within({ signal, ms: 1, tooLate: () => new RangeError("late") }, (inner) => {
      told = inner;
      return never();
    });
    await expect(work).rejects.toThrow("late");
    expect(told?.aborted).toBe(true);
  });

  it("for work is over when nobody waits any longer", async () => {
    const controller = new AbortController();
    const bounds = { signal: controller.signal, ms: 60_000, tooLate: () => new RangeError("late") };
    const work = within(bounds, never);
    controller.abort();
    await expect(work).rejects.toMatchObject({ reason: "aborted" });
    await expect(within(bounds, never)).rejects.toMatchObject({ reason: "aborted" });
  });

  it("gives what the work gives", async () => {
    const { signal } = new AbortController();
    const bounds = { signal, ms: 60_000, tooLate: () => new RangeError("late") };
    expect(await within(bounds, async () => 1)).toBe(1);
    await expect(within(bounds, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});
