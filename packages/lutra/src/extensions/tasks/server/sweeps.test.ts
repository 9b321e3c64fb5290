import { afterEach, expect, it, vi } from "vitest";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import { startSweeps } from "./sweeps.ts";

afterEach(() => vi.useRealTimers());

/** A store with so many expired tasks, of which a sweep deletes at most its limit. */
function expired(count: number) {
  let left = count;
  const sweep = async (limit: number) => {
    const swept = Math.min(limit, left);
    left -= swept;
    return swept;
  };
  return { store: { ...createMemoryTaskStore(), sweep }, left: () => left };
}

it("deletes all expired tasks in one sweep, with pauses", async () => {
  vi.useFakeTimers();
  const { store, left } = expired(30_200);
  const stop = startSweeps(store, { everyMs: 60_000, onError: () => {} });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(left()).toBe(29_700);
  await vi.advanceTimersByTimeAsync(5000);
  expect(left()).toBe(0);
  stop();
});

it("ends a sweep when it is stopped", async () => {
  vi.useFakeTimers();
  const { store, left } = expired(5000);
  const stop = startSweeps(store, { everyMs: 1000, onError: () => {} });
  await vi.advanceTimersByTimeAsync(1000);
  stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(left()).toBe(4500);
});

it("reports a failure, and sweeps again after the interval", async () => {
  vi.useFakeTimers();
  const failure = new Error("the store failed");
  const errors: unknown[] = [];
  let calls = 0;
  const sweep = async () => {
    calls += 1;
    throw failure;
  };
  const store = { ...createMemoryTaskStore(), sweep };
  const stop = startSweeps(store, { everyMs: 1000, onError: (error) => errors.push(error) });
  await vi.advanceTimersByTimeAsync(2000);
  expect([calls, errors]).toEqual([2, [failure, failure]]);
  stop();
});
