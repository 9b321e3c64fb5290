/** What a `TaskStore` promises about runs that end with their process, or do not. */
import type { StoredTask, TaskStore, TaskWorker } from "../../stores/task-store.ts";
import { expectEqual, settled } from "./contract-case.ts";
import { freshTask, nextVersion, type TaskStoreCase } from "./task-store-case.ts";

/**
 * Makes all others take the process for dead that runs or holds a task, as if it had been killed.
 * The stores of that process go on afterwards, as those of another one. They may then find out that
 * it lives, and take the loss of a run back, unless its worker has closed by then.
 */
export type LoseProcess = (taskId: string) => Promise<void>;

/** What ends in order is not lost; any runner can see that. */
export const taskOrderlyEndCases: readonly TaskStoreCase[] = [
  {
    name: "counts no run as lost that is rejected, or broken off by a worker that closes",
    body: async (one, other) => {
      const task = freshTask();
      const first = place(one, [task], async (isFirst) => {
        if (isFirst) throw new Error("the first run fails");
      });
      await one.create(task, { order: "run" });
      await first.isFull;
      await first.close();
      const second = place(other, [task]);
      await second.isFull;
      expectEqual(second.lostRuns(task), [0], "what the run after that was told");
      await second.close();
    },
  },
  {
    name: "counts nothing as lost that a replica holds and hands over as it closes its store",
    body: async (one, other) => {
      if (!one.isShared) return;
      const task = freshTask();
      await one.create(task, { order: "hold" });
      await one.close();
      const second = place(other, [task]);
      await second.isFull;
      expectEqual(second.lostRuns(task), [0], "what the run was told");
      await second.close();
    },
  },
];

/** The cases that need a process which others take for dead. */
export function taskLostRunCases(lose: LoseProcess): readonly TaskStoreCase[] {
  return [
    {
      name: "counts runs that are lost one after the other; anew after progress, an order, an end",
      body: (one, other) => countLostRuns(one, other, lose),
    },
    {
      name: "counts what is lost with the process that held it",
      body: async (one, other) => {
        const task = freshTask();
        await one.create(task, { order: "hold" });
        const second = place(other, [task]);
        await lose(task.taskId);
        await second.isFull;
        expectEqual(second.lostRuns(task), [1], "what the run was told");
        await second.close();
      },
    },
    {
      name: "runs what has lost so many runs apart from other such tasks, and beside all others",
      body: (one, other) => runApart(one, other, lose),
    },
  ];
}

async function countLostRuns(one: TaskStore, other: TaskStore, lose: LoseProcess): Promise<void> {
  const [idle, stepping, talking, ordered, rejected] = [
    freshTask(),
    freshTask(),
    freshTask(),
    freshTask(),
    freshTask(),
  ];
  const tasks = [idle, stepping, talking, ordered, rejected];
  const first = place(one, tasks);
  for (const task of tasks) await one.create(task, { order: "run" });
  await first.isFull;
  const second = place(other, tasks, async (isFirst, task) => {
    const next = nextVersion(task);
    if (task.taskId === stepping.taskId) await other.replace(next, { isProgress: true });
    if (task.taskId === talking.taskId) await other.replace(next);
    if (task.taskId === ordered.taskId) await other.replace(next, { order: "run" });
    if (task.taskId === rejected.taskId && isFirst) throw new Error("the first run fails");
  });
  await lose(idle.taskId);
  await second.isFull;
  await first.isLost;
  for (const task of tasks) expectEqual(first.lostRuns(task), [0], "what a first run was told");
  for (const task of [idle, stepping, talking, ordered]) {
    expectEqual(second.lostRuns(task), [1], "what a run was told after one was lost");
  }
  expectEqual(second.lostRuns(rejected), [1, 0], "the same, and after it was rejected");
  const third = place(one, tasks);
  await lose(idle.taskId);
  await third.isFull;
  expectEqual(third.lostRuns(idle), [2], "after two were lost");
  expectEqual(third.lostRuns(talking), [2], "after a change that is no progress");
  expectEqual(third.lostRuns(stepping), [1], "after progress");
  expectEqual(third.lostRuns(ordered), [1], "after an order");
  expectEqual(third.lostRuns(rejected), [1], "after a rejection");
  await third.close();
}

async function runApart(one: TaskStore, other: TaskStore, lose: LoseProcess): Promise<void> {
  const [lost, fresh] = [[freshTask(), freshTask()] as const, freshTask()];
  const ids = [...lost, fresh].map(({ taskId }) => taskId);
  const first = place(one, lost);
  for (const task of lost) await one.create(task, { order: "run" });
  await first.isFull;
  const running: string[] = [];
  const [begun, hasFresh, goOn, both] = [settled(), settled(), settled(), settled()];
  const worker = other.work({
    concurrency: 4,
    apartFrom: 1,
    onError: () => {},
    run: async (taskId) => {
      if (!ids.includes(taskId)) return;
      running.push(taskId);
      if (running.length === 1) begun.resolve();
      if (running.length === 3) both.resolve();
      if (taskId === fresh.taskId) hasFresh.resolve();
      else await goOn.promise;
    },
  });
  await lose(lost[0].taskId);
  await begun.promise;
  await one.create(fresh, { order: "run" });
  await hasFresh.promise;
  await first.isLost;
  expectEqual(running.length, 2, "how many runs began");
  goOn.resolve();
  await both.promise;
  await worker.close(10_000);
  expectEqual(running.sort(), ids.sort(), "what ran");
}

interface Place {
  /** Resolves when all of the tasks run. */
  readonly isFull: Promise<void>;
  /** Resolves when the worker has closed, since its process was taken for dead. */
  readonly isLost: Promise<void>;
  /** What the runs of a task were told. */
  readonly lostRuns: (task: StoredTask) => readonly number[];
  readonly close: () => Promise<void>;
}

/** Runs these tasks, of all that are due, until it is closed or lost. */
function place(
  store: TaskStore,
  tasks: readonly StoredTask[],
  begin: (isFirst: boolean, task: StoredTask) => Promise<void> = async () => {},
): Place {
  const [full, lost] = [settled(), settled()];
  const told = new Map<string, number[]>();
  let runs = 0;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= worker.close(0);
    return closing;
  };
  const worker: TaskWorker = store.work({
    concurrency: tasks.length,
    onError: () => {},
    run: async (taskId, signal, taken) => {
      const task = tasks.find((one) => one.taskId === taskId);
      if (task === undefined) return;
      const all = told.get(taskId) ?? [];
      told.set(taskId, all);
      all.push(taken?.lostRuns ?? 0);
      await begin(all.length === 1, task);
      runs += 1;
      if (runs === tasks.length) full.resolve();
      await new Promise<void>((resolve) => {
        const leave = () => {
          // As one that has died, it takes nothing any more, of what it has lost least of all.
          void close().then(lost.resolve);
          resolve();
        };
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  });
  return {
    isFull: full.promise,
    isLost: lost.promise,
    lostRuns: ({ taskId }) => told.get(taskId) ?? [],
    close,
  };
}
