import { describe, expect, it } from "vitest";
import { within } from "./within.ts";

const never = () => new Promise<never>(() => {});

describe("within", () => {
  it("rejects after ms, and aborts the work", async () => {
    const { signal } = new AbortController();
    let told: AbortSignal | undefined;
    const work = within({ signal, ms: 1, tooLate: () => new RangeError("late") }, (inner) => {
      told = inner;
      return never();
    });
    await expect(work).rejects.toThrow("late");
    expect(told?.aborted).toBe(true);
  });

  it("rejects when the signal aborts", async () => {
    const controller = new AbortController();
    const bounds = { signal: controller.signal, ms: 60_000, tooLate: () => new RangeError("late") };
    const work = within(bounds, never);
    controller.abort();
    await expect(work).rejects.toMatchObject({ reason: "aborted" });
    await expect(within(bounds, never)).rejects.toMatchObject({ reason: "aborted" });
  });

  it("settles as the work does", async () => {
    const { signal } = new AbortController();
    const bounds = { signal, ms: 60_000, tooLate: () => new RangeError("late") };
    expect(await within(bounds, async () => 1)).toBe(1);
    await expect(within(bounds, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});
