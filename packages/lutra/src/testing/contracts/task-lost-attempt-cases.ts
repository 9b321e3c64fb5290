/** Cases for attempts that are lost with their process, and for those that are not. */
import type { StoredTask, TakenTask, TaskStore, TaskWorker } from "../../stores/task-store.ts";
import { expectEqual, expectRejection, expectThat, settled } from "./contract-case.ts";
import { freshTask, nextVersion, observe, running, type TaskStoreCase } from "./task-store-case.ts";

/**
 * Causes the process that runs or holds a task to appear dead to all others. Its stores stay open
 * and then count as those of another process. Unless the worker has closed, they may later reduce
 * the count of lost attempts again, because the process was not dead.
 */
export type LoseProcess = (taskId: string) => Promise<void>;

/** Cases for attempts that end in an orderly way. Need no dead process. */
export const taskOrderlyEndCases: readonly TaskStoreCase[] = [
  {
    name: "does not count rejected attempts as lost, or attempts that a closing worker releases",
    body: async (one, other) => {
      const task = freshTask();
      const first = place(one, [task], async (isFirst) => {
        if (isFirst) throw new Error("the first attempt fails");
      });
      await one.create(task, { order: "run" });
      await first.isFull;
      await first.close();
      const second = place(other, [task]);
      await second.isFull;
      expectEqual(second.lostAttempts(task), [0], "the lostAttempts of the next attempt");
      await second.close();
    },
  },
  {
    name: "does not count held tasks as lost when a replica closes its store",
    body: async (one, other) => {
      if (!one.isShared) return;
      const task = freshTask();
      await one.hold(task);
      await one.close();
      const second = place(other, [task]);
      await second.isFull;
      expectEqual(second.lostAttempts(task), [0], "the lostAttempts of the attempt");
      await second.close();
    },
  },
  {
    name: "refuses writes of an attempt whose worker has released the task",
    body: async (one, other) => {
      const task = freshTask();
      const first = takeOne(one, task);
      await one.create(task, { order: "run" });
      const taken = await first.taken;
      await first.close();
      await lossOf(taken);
      await expectRefusedWrites({ task, taken, store: other });
    },
  },
  {
    name: "refuses writes of a held task that was released",
    body: async (one, other) => {
      const task = freshTask();
      const taken = await one.hold(task);
      await taken.release();
      await expectRefusedWrites({ task, taken, store: other });
    },
  },
];

/** Cases that need a process that appears dead. */
export function taskLostAttemptCases(lose: LoseProcess): readonly TaskStoreCase[] {
  return [
    {
      name: "counts lost attempts, and resets the count on progress, orders and orderly ends",
      body: (one, other) => expectCountedLosses(one, other, lose),
    },
    {
      name: "counts a held task that is lost with its process",
      body: async (one, other) => {
        const task = freshTask();
        await one.hold(task);
        const second = place(other, [task]);
        await lose(task.taskId);
        await second.isFull;
        expectEqual(second.lostAttempts(task), [1], "the lostAttempts of the attempt");
        await second.close();
      },
    },
    {
      name: "runs tasks with many lost attempts one at a time, beside any number of others",
      body: (one, other) => expectIsolatedRuns(one, other, lose),
    },
    {
      name: "refuses writes of an attempt after another process has taken the task",
      body: async (one, other) => {
        const task = freshTask();
        const first = takeOne(one, task);
        await one.create(task, { order: "run" });
        const taken = await first.taken;
        await lose(task.taskId);
        await expectRefusedWrites({ task, taken, store: other });
        await lossOf(taken);
        await first.close();
      },
    },
    {
      name: "refuses effects of an attempt after another process has taken the task",
      body: async (one, other) => {
        const task = freshTask();
        const [first, second] = [takeOne(one, task), takeOne(other, task)];
        await one.create(task, { order: "run" });
        const [worker, loser, taken] = await Promise.race([
          first.taken.then((attempt) => [second, first, attempt] as const),
          second.taken.then((attempt) => [first, second, attempt] as const),
        ]);
        await taken.confirm();
        await lose(task.taskId);
        const next = await worker.taken;
        await next.confirm();
        await expectRefusal(taken);
        await next.confirm();
        await Promise.all([worker.close(), loser.close()]);
      },
    },
    {
      name: "refuses effects of a held task after another process has taken it",
      body: async (one, other) => {
        const task = freshTask();
        const taken = await one.hold(task);
        await taken.confirm();
        await lose(task.taskId);
        const { close, taken: next } = takeOne(other, task);
        await (await next).confirm();
        await expectRefusal(taken);
        await close();
      },
    },
    {
      name: "refuses writes of a held task after another process has taken it",
      body: async (one, other) => {
        const task = freshTask();
        const taken = await one.hold(task);
        await lose(task.taskId);
        await expectRefusedWrites({ task, taken, store: other });
        await lossOf(taken);
      },
    },
  ];
}

async function expectCountedLosses(
  one: TaskStore,
  other: TaskStore,
  lose: LoseProcess,
): Promise<void> {
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
    if (task.taskId === rejected.taskId && isFirst) throw new Error("the first attempt fails");
  });
  await lose(idle.taskId);
  await second.isFull;
  await first.isLost;
  for (const task of tasks)
    expectEqual(first.lostAttempts(task), [0], "the lostAttempts of a first attempt");
  for (const task of [idle, stepping, talking, ordered]) {
    expectEqual(second.lostAttempts(task), [1], "the lostAttempts after one loss");
  }
  expectEqual(second.lostAttempts(rejected), [1, 0], "after one loss, then a rejection");
  const third = place(one, tasks);
  await lose(idle.taskId);
  await third.isFull;
  expectEqual(third.lostAttempts(idle), [2], "after two were lost");
  expectEqual(third.lostAttempts(talking), [2], "after a change without progress");
  expectEqual(third.lostAttempts(stepping), [1], "after progress");
  expectEqual(third.lostAttempts(ordered), [1], "after an order");
  expectEqual(third.lostAttempts(rejected), [1], "after a rejection");
  await third.close();
}

async function expectIsolatedRuns(
  one: TaskStore,
  other: TaskStore,
  lose: LoseProcess,
): Promise<void> {
  const [lost, fresh] = [[freshTask(), freshTask()] as const, freshTask()];
  const ids = [...lost, fresh].map(({ taskId }) => taskId);
  const first = place(one, lost);
  for (const task of lost) await one.create(task, { order: "run" });
  await first.isFull;
  const running: string[] = [];
  const [begun, hasFresh, goOn, both] = [settled(), settled(), settled(), settled()];
  const worker = other.work({
    concurrency: 4,
    isolateFrom: 1,
    onError: () => {},
    run: async ({ task: { taskId } }) => {
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
  expectEqual(running.length, 2, "number of attempts that began");
  goOn.resolve();
  await both.promise;
  await worker.close(10_000);
  expectEqual(running.sort(), ids.sort(), "the tasks that ran");
}

/**
 * Starts a worker whose attempt at `task` never ends by itself. Once the attempt is lost, the worker
 * takes no further tasks, like a dead process.
 */
function takeOne(store: TaskStore, task: StoredTask) {
  const taken = settled<TakenTask>();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= worker.close(0);
    return closing;
  };
  const { worker } = observe(store, async (taskId, _signal, attempt) => {
    if (taskId !== task.taskId) return;
    attempt.onLost(() => void close());
    taken.resolve(attempt);
    await new Promise(() => {});
  });
  return { close, taken: taken.promise };
}

/** Expects that an attempt is refused an effect. A store may trust an attempt for a moment. */
async function expectRefusal(taken: TakenTask): Promise<void> {
  let isRefused = false;
  for (let tries = 0; tries < 1000 && !isRefused; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10)); // time: polls
    try {
      await taken.confirm();
    } catch {
      isRefused = true;
    }
  }
  expectThat(isRefused, "a former attempt is refused an effect");
}

/** Resolves when an attempt is notified of its loss. */
function lossOf(taken: TakenTask): Promise<void> {
  return new Promise((resolve) => {
    taken.onLost(() => resolve());
  });
}

interface LostAttempt {
  readonly task: StoredTask;
  readonly taken: TakenTask;
  /** The store whose worker takes the task next. */
  readonly store: TaskStore;
}

/** Expects that a former attempt can't write, either during the next attempt or after its end. */
async function expectRefusedWrites({ task, taken, store }: LostAttempt): Promise<void> {
  const [next, goOn, done] = [settled(), settled(), settled()];
  const [second, third] = [nextVersion(task), nextVersion(nextVersion(task))];
  const { worker } = observe(store, async (taskId, _signal, attempt) => {
    if (taskId !== task.taskId || attempt === taken) return;
    await attempt.replace(second);
    next.resolve();
    await goOn.promise;
    await attempt.end(third);
    done.resolve();
  });
  await next.promise;
  await expectRejection(taken.replace(third), "a change of the former attempt");
  await expectRejection(taken.replace(third, { isProgress: true }), "its progress");
  await expectRejection(taken.end(third), "its end");
  expectEqual(await store.get(task.taskId), second, "the task");
  goOn.resolve();
  await done.promise;
  await expectRejection(taken.end(nextVersion(third)), "its end after that of the next attempt");
  expectEqual(await store.get(task.taskId), third, "the task at the end");
  await worker.close(10_000);
}

interface Place {
  /** Resolves when all tasks are running. */
  readonly isFull: Promise<void>;
  /** Resolves when the worker has closed, after its process appeared dead. */
  readonly isLost: Promise<void>;
  /** The `lostAttempts` of each attempt at a task. */
  readonly lostAttempts: (task: StoredTask) => readonly number[];
  readonly close: () => Promise<void>;
}

/** Starts a worker that runs the given tasks until it is closed or loses one of them. */
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
    run: running(async (taskId, signal, taken) => {
      const task = tasks.find((one) => one.taskId === taskId);
      if (task === undefined) return;
      const all = told.get(taskId) ?? [];
      told.set(taskId, all);
      all.push(taken.lostAttempts);
      await begin(all.length === 1, task);
      runs += 1;
      if (runs === tasks.length) full.resolve();
      await new Promise<void>((resolve) => {
        const leave = () => {
          // Like a dead process, it takes no further tasks.
          void close().then(lost.resolve);
          resolve();
        };
        signal.addEventListener("abort", leave, { once: true });
      });
    }),
  });
  return {
    isFull: full.promise,
    isLost: lost.promise,
    lostAttempts: ({ taskId }) => told.get(taskId) ?? [],
    close,
  };
}
