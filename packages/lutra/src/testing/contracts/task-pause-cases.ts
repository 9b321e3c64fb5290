/** Cases for attempts that end with an order for a later time. */
import type { StoredTask, TakenTask, TaskStore } from "../../stores/task-store.ts";
import { expectEqual, expectRejection, expectThat, settled } from "./contract-case.ts";
import { freshTask, nextVersion, observe, type TaskStoreCase } from "./task-store-case.ts";

/** Pause between two attempts, in milliseconds. Timers and clocks may differ by a few. */
const pauseMs = 300;
const inaccuracyMs = 20;

export const taskPauseCases: readonly TaskStoreCase[] = [
  {
    name: "runs a task again after the pause that the end of its attempt ordered",
    body: async (one, other) => {
      const task = freshTask();
      const paused = pauseOnce(other, task, pauseMs);
      await one.create(task, { order: "run" });
      const pausedAt = await paused.at;
      expectEqual(await one.get(task.taskId), nextVersion(task), "the task during the pause");
      const { task: again, lostAttempts } = await paused.again;
      expectThat(Date.now() - pausedAt >= pauseMs - inaccuracyMs, "the pause is kept");
      expectEqual([again, lostAttempts], [nextVersion(task), 0], "the task of the next attempt");
      await paused.worker.close(10_000);
    },
  },
  {
    name: "refuses the writes of an attempt that has ended with a pause",
    body: async (one, other) => {
      const task = freshTask();
      const held = await one.hold(task);
      const second = nextVersion(task);
      expectEqual(await held.end(second, { order: "run", afterMs: 0 }), true, "the end");
      await expectRejection(held.replace(nextVersion(second)), "a change after the end");
      const ran = settled<StoredTask>();
      const { worker } = observe(other, async (_taskId, _signal, taken) => ran.resolve(taken.task));
      expectEqual(await ran.promise, second, "the task of the next attempt");
      await worker.close(10_000);
    },
  },
  {
    name: "ends a pause early with a new order, and for good with the order to drop the task",
    body: async (one, other) => {
      const [ordered, dropped, marker] = [freshTask(), freshTask(), freshTask()];
      const paused = pauseOnce(other, ordered, 3_600_000);
      await one.create(ordered, { order: "run" });
      await paused.at;
      const held = await one.hold(dropped);
      await held.end(nextVersion(dropped), { order: "run", afterMs: 50 });
      await one.replace(nextVersion(nextVersion(dropped)), { order: "drop" });
      await one.replace(nextVersion(nextVersion(ordered)), { order: "run" });
      await paused.again;
      const last = await one.hold(marker);
      await last.end(nextVersion(marker), { order: "run", afterMs: 100 });
      while (!paused.others.includes(marker.taskId)) await paused.nextOther();
      await paused.worker.close(10_000);
      expectEqual(paused.others, [marker.taskId], "the other tasks that ran");
    },
  },
];

/** Starts a worker that ends its first attempt at a task with a pause. */
function pauseOnce(store: TaskStore, task: StoredTask, afterMs: number) {
  const [at, again] = [settled<number>(), settled<TakenTask>()];
  const others: string[] = [];
  let other = settled();
  let attempts = 0;
  const { worker } = observe(store, async (taskId, _signal, taken) => {
    if (taskId !== task.taskId) {
      others.push(taskId);
      other.resolve();
      other = settled();
      return;
    }
    attempts += 1;
    if (attempts > 1) return again.resolve(taken);
    // The pause may begin while the store writes its order.
    const orderedAt = Date.now();
    await taken.end(nextVersion(task), { order: "run", afterMs });
    at.resolve(orderedAt);
  });
  const nextOther = () => other.promise;
  return { worker, at: at.promise, again: again.promise, others, nextOther };
}
