import { describe, expect, it, vi } from "vitest";
import { taskStoreContract } from "../testing/contracts/task-store-contract.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createMemoryTaskStore } from "./memory-task-store.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";

const task = { taskId: "a", version: 1, expiresAt: null, state: {} };

/** A timer that the test elapses. */
function manualTimer() {
  const pauses: number[] = [];
  let elapse = () => {};
  const wait = (ms: number, signal: AbortSignal) => {
    pauses.push(ms);
    return new Promise<void>((resolve) => {
      elapse = resolve;
      signal.addEventListener("abort", () => resolve());
    });
  };
  return { wait, pauses, elapse: () => elapse() };
}

describe("a task store in memory", () => {
  const contract = taskStoreContract(async () => {
    const store = createMemoryTaskStore();
    return [store, store];
  });
  for (const { name, run } of contract) it(name, run);
});

it("doubles the pause after each rejected attempt", async () => {
  const { wait, pauses, elapse } = manualTimer();
  const store = createMemoryTaskStore({ wait });
  await store.create(task, { order: "run" });
  const run = vi.fn().mockRejectedValue(new Error("broken"));
  store.work({ concurrency: 1, run, onError: () => {} });
  for (const tries of [1, 2, 3, 8, 9]) {
    while (run.mock.calls.length < tries || pauses.length < tries) {
      await Promise.resolve();
      if (pauses.length < tries) elapse();
    }
  }
  expect(pauses.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000));
});

it("restarts with a short pause after a new order", async () => {
  const { wait, pauses } = manualTimer();
  const store = createMemoryTaskStore({ wait });
  const run = vi.fn().mockRejectedValue(new Error("broken"));
  store.work({ concurrency: 1, run, onError: () => {} });
  await store.create(task, { order: "run" });
  await vi.waitFor(() => expect(pauses).toEqual([1000]));
  await store.replace({ ...task, version: 2 }, { order: "run" });
  await vi.waitFor(() => expect(pauses).toEqual([1000, 1000]));
});

it("uses the clock of its options", async () => {
  const clock = createManualClock(0);
  const store = createMemoryTaskStore({ now: clock.now });
  await store.create({ ...task, expiresAt: 1000 }, {});
  clock.advance(999);
  expect(await store.get("a")).toBeDefined();
  clock.advance(1);
  expect(await store.get("a")).toBeUndefined();
});

it("refuses tasks above its limit, and deletes expired ones to make room", async () => {
  const clock = createManualClock(0);
  const store = createMemoryTaskStore({ maxTasks: 1, now: clock.now });
  await store.create({ ...task, expiresAt: 1000 }, {});
  const refused = store.create({ ...task, taskId: "b" }, {});
  await expect(refused).rejects.toThrow(StoreUnavailableError);
  await expect(refused).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
  clock.advance(1000);
  await store.create({ ...task, taskId: "b" }, {});
  expect(await store.get("b")).toBeDefined();
  expect(() => createMemoryTaskStore({ maxTasks: 0 })).toThrow(TypeError);
});

it("is not shared", () => {
  expect(createMemoryTaskStore().isShared).toBe(false);
});
