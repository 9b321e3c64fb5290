import { expect, it, vi } from "vitest";
import type { AttemptEnd, Claim, Written } from "./task-attempt.ts";
import { type QueueListener, type TaskQueue, TaskRunner } from "./task-runner.ts";
import type { TakenTask } from "./task-store.ts";

const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
const claim: Claim = { task, session: 1, number: 1, rejections: 0, lostAttempts: 0 };
const failure = new Error("the store failed");

/** A queue with one due task, whose operations a test can replace. */
function oneTask(changes: Partial<TaskQueue> = {}) {
  const ends: AttemptEnd[] = [];
  const listeners: QueueListener[] = [];
  let due = [claim];
  const queue: TaskQueue = {
    claim: async () => {
      const claimed = due;
      due = [];
      return claimed;
    },
    write: async (): Promise<Written> => "written",
    settle: async (_claim, end) => {
      ends.push(end);
    },
    owns: async () => true,
    isLive: () => true,
    watch: (listener) => {
      listeners.push(listener);
      return () => {};
    },
    defer: queueMicrotask,
    ...changes,
  };
  const errors: unknown[] = [];
  const start = (run: (taken: TakenTask) => Promise<void>) =>
    new TaskRunner(
      queue,
      { concurrency: 1, run, onError: (error) => errors.push(error) },
      async () => {},
    );
  return { ends, errors, start, lose: () => listeners[0]?.lost() };
}

it("claims again after a failed claim", async () => {
  let failures = 2;
  const { start, errors } = oneTask({
    claim: async () => {
      if (failures-- > 0) throw failure;
      return failures === -1 ? [claim] : [];
    },
  });
  const run = vi.fn(async () => {});
  start(run);
  await vi.waitUntil(() => run.mock.calls.length === 1);
  expect(errors).toEqual([failure, failure]);
});

it("continues its maintenance after a failure", async () => {
  let runs = 0;
  const { start, errors } = oneTask({
    claim: async () => [],
    upkeep: {
      everyMs: 1,
      run: async () => {
        runs += 1;
        if (runs < 3) throw failure;
        return new Promise<never>(() => {});
      },
    },
  });
  start(async () => {});
  await vi.waitUntil(() => runs === 3);
  expect(errors).toEqual([failure, failure]);
});

it("records the end of an attempt again until that succeeds", async () => {
  const ends: AttemptEnd[] = [];
  let failures = 5;
  const { start, errors } = oneTask({
    settle: async (_claim, end) => {
      if (failures-- > 0) throw failure;
      ends.push(end);
    },
  });
  start(async () => {});
  await vi.waitUntil(() => ends.length === 1);
  expect(ends).toEqual(["done"]);
  expect(errors).toHaveLength(5);
});

it("refuses the writes of a lost attempt, and does not record its later end", async () => {
  const { start, ends, lose, errors } = oneTask();
  let ended = () => {};
  let taken: TakenTask | undefined;
  const runner = start((attempt) => {
    taken = attempt;
    return new Promise((resolve) => {
      ended = resolve;
    });
  });
  await vi.waitUntil(() => taken !== undefined);
  const reasons: unknown[] = [];
  taken?.onLost((reason) => reasons.push(reason));
  lose();
  expect(reasons).toEqual([expect.objectContaining({ reason: "aborted" })]);
  await expect(taken?.replace(task)).rejects.toMatchObject({ reason: "aborted" });
  await expect(taken?.end(task)).rejects.toMatchObject({ reason: "aborted" });
  ended();
  await runner.close(0);
  expect(ends).toEqual(["lost"]);
  expect(errors).toEqual([]);
});

it("gives up an attempt when the store refuses its write", async () => {
  const { start, ends, errors } = oneTask({ write: async () => "lost" });
  const losses: unknown[] = [];
  const hasEnded = vi.fn();
  const runner = start(async (taken) => {
    taken.onLost((reason) => losses.push(reason));
    await taken.replace(task).finally(hasEnded);
  });
  await vi.waitUntil(() => hasEnded.mock.calls.length === 1);
  await runner.close(0);
  expect(losses).toHaveLength(1);
  expect(ends).toEqual([]);
  expect(errors).toEqual([]);
});

it("releases a task that was claimed while the worker closed", async () => {
  let resolve: (claims: readonly Claim[]) => void = () => {};
  const claiming = vi.fn(
    () =>
      new Promise<readonly Claim[]>((resolvePromise) => {
        resolve = resolvePromise;
      }),
  );
  const { start, ends } = oneTask({ claim: claiming });
  const run = vi.fn(async () => {});
  const runner = start(run);
  await vi.waitUntil(() => claiming.mock.calls.length === 1);
  const closed = runner.close(0);
  resolve([claim]);
  await closed;
  expect(ends).toEqual(["released"]);
  expect(run).not.toHaveBeenCalled();
});

it("does not start a task whose session was lost during the claim", async () => {
  const { start, ends } = oneTask({ isLive: () => false });
  const run = vi.fn(async () => {});
  start(run);
  await vi.waitUntil(() => ends.length === 1);
  expect(ends).toEqual(["lost"]);
  expect(run).not.toHaveBeenCalled();
});
