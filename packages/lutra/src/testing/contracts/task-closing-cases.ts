/** Cases for closing the workers and stores of a `TaskStore`. */
import type { StoredTask, TaskStore } from "../../stores/task-store.ts";
import { expectEqual, expectThat, settled } from "./contract-case.ts";
import {
  freshTask,
  nextVersion,
  observe,
  type Run,
  type TaskStoreCase,
} from "./task-store-case.ts";

export const taskClosingCases: readonly TaskStoreCase[] = [
  {
    name: "hands held tasks to another replica when a replica closes its store",
    body: async (one, other) => {
      if (!one.isShared) return;
      const task = freshTask();
      const ran = settled<StoredTask>();
      const { worker } = observe(other, async (taskId, _signal, taken) => {
        if (taskId === task.taskId) ran.resolve(taken.task);
      });
      await one.hold(task);
      await one.close();
      expectEqual(await ran.promise, task, "the task that the other replica runs");
      await worker.close(10_000);
    },
  },
  {
    name: "waits for running tasks when a worker closes",
    body: async (one) => {
      const task = freshTask();
      const [started, goOn] = [settled(), settled()];
      let isAborted = true;
      const { worker } = observe(one, async (taskId, signal) => {
        if (taskId !== task.taskId) return;
        started.resolve();
        await goOn.promise;
        isAborted = signal.aborted;
      });
      await one.create(task, { order: "run" });
      await started.promise;
      const closed = worker.close(60_000);
      goOn.resolve();
      await closed;
      expectThat(!isAborted, "a run that ends in time is not aborted");
    },
  },
  {
    name: "releases a task that does not end in time, so that another worker takes it",
    body: async (one, other) => {
      const task = freshTask();
      const [started, taken] = [settled(), settled()];
      let isAborted = false;
      const first = observe(one, async (taskId, signal) => {
        if (taskId !== task.taskId) return;
        started.resolve();
        await aborted(signal);
        isAborted = true;
      });
      await one.create(task, { order: "run" });
      await started.promise;
      const second = observe(other, async (taskId) => {
        if (taskId === task.taskId) taken.resolve();
      });
      await first.worker.close(0);
      await taken.promise;
      await second.worker.close(10_000);
      expectThat(isAborted, "the signal of the first run aborts");
    },
  },
  {
    name: "does not run a released task again in the worker that is closing",
    body: async (one, other) => {
      const tasks = Array.from({ length: 10 }, () => freshTask());
      const [allBegan, allTaken] = [settled(), settled()];
      const isOurs = (taskId: string) => tasks.some((task) => task.taskId === taskId);
      const began: string[] = [];
      const hang: Run = async (taskId, signal) => {
        if (!isOurs(taskId)) return;
        began.push(taskId);
        if (began.length === tasks.length) allBegan.resolve();
        await aborted(signal);
      };
      const first = observe(one, hang, tasks.length);
      for (const task of tasks) await one.create(task, { order: "run" });
      await allBegan.promise;
      const taken = new Set<string>();
      const second = observe(other, async (taskId) => {
        if (isOurs(taskId)) taken.add(taskId);
        if (taken.size === tasks.length) allTaken.resolve();
      });
      await first.worker.close(0);
      await allTaken.promise;
      await second.worker.close(10_000);
      expectEqual(began.length, tasks.length, "number of runs in the worker that closed");
    },
  },
  {
    name: "takes no more tasks once a worker closes",
    body: async (one) => {
      const task = freshTask();
      let isRun = false;
      const { worker } = observe(one, async (taskId) => {
        if (taskId === task.taskId) isRun = true;
      });
      await worker.close(1000);
      await one.create(task, { order: "run" });
      await runAnother(one);
      expectThat(!isRun, "a closed worker runs nothing");
      await one.replace(nextVersion(task), { order: "drop" });
    },
  },
];

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Runs another task with a new worker. */
async function runAnother(store: TaskStore): Promise<void> {
  const marker = freshTask();
  const done = settled();
  const { worker } = observe(store, async (taskId) => {
    if (taskId === marker.taskId) done.resolve();
  });
  await store.create(marker, { order: "run" });
  await done.promise;
  await worker.close(10_000);
}
