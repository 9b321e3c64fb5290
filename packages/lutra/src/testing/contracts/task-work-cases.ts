/** Cases for the schedule of a `TaskStore`. */
import type { StoredTask } from "../../stores/task-store.ts";
import { expectEqual, expectThat, settled } from "./contract-case.ts";
import { freshTask, nextVersion, observe, type TaskStoreCase } from "./task-store-case.ts";

export const taskWorkCases: readonly TaskStoreCase[] = [
  {
    name: "runs an ordered task once, in any replica that has a worker",
    body: async (one, other) => {
      const tasks = Array.from({ length: 5 }, () => freshTask());
      const ran: string[] = [];
      const all = settled();
      const last = freshTask();
      const { worker } = observe(other, async (taskId) => {
        ran.push(taskId);
        if (taskId === last.taskId) all.resolve();
      });
      for (const task of tasks) await one.create(task, { order: "run" });
      const quiet = freshTask();
      await one.create(quiet, {});
      await one.replace(nextVersion(quiet, { state: { changed: true } }));
      await one.create(last, { order: "run" });
      await all.promise;
      await worker.close(10_000);
      for (const { taskId } of tasks) {
        expectEqual(ran.filter((id) => id === taskId).length, 1, "number of runs of a task");
      }
      expectThat(!ran.includes(quiet.taskId), "a task without an order does not run");
    },
  },
  {
    name: "runs a task that was ordered before the first worker started",
    body: async (one, other) => {
      const task = freshTask();
      await one.create(task, {});
      expectEqual(await one.replace(nextVersion(task), { order: "run" }), true, "the replacement");
      const ran = settled<string>();
      const { worker } = observe(other, async (taskId) => {
        if (taskId === task.taskId) ran.resolve(taskId);
      });
      await ran.promise;
      await worker.close(10_000);
    },
  },
  {
    name: "does not run a task whose replacement was refused",
    body: async (one, other) => {
      const [task, marker] = [freshTask(), freshTask()];
      await one.create(task, {});
      await one.replace({ ...task, version: 7 }, { order: "run" });
      const ran: string[] = [];
      const done = settled();
      const { worker } = observe(other, async (taskId) => {
        ran.push(taskId);
        if (taskId === marker.taskId) done.resolve();
      });
      await one.create(marker, { order: "run" });
      await done.promise;
      await worker.close(10_000);
      expectThat(!ran.includes(task.taskId), "a refused replacement is not an order");
    },
  },
  {
    name: "runs a task in one replica at a time, and again after an order during the run",
    body: async (one, other) => {
      const task = freshTask();
      const markers = new Set<string>();
      let [now, most, runs] = [0, 0, 0];
      const [started, othersRan, ordered, again] = [settled(), settled(), settled(), settled()];
      const run = async (taskId: string): Promise<void> => {
        if (markers.delete(taskId) && markers.size === 0) othersRan.resolve();
        if (taskId !== task.taskId) return;
        now += 1;
        runs += 1;
        most = Math.max(most, now);
        if (runs === 1) {
          started.resolve();
          await ordered.promise;
        }
        now -= 1;
        if (runs === 2) again.resolve();
      };
      const workers = [observe(one, run), observe(other, run)];
      await one.create(task, { order: "run" });
      await started.promise;
      const second = nextVersion(task);
      await other.replace(second, { order: "run" });
      await one.replace(nextVersion(second), { order: "run" });
      // If a second worker wrongly claimed the task, it would run the task before all of these.
      const others = Array.from({ length: 8 }, () => freshTask());
      for (const { taskId } of others) markers.add(taskId);
      for (const marker of others) await one.create(marker, { order: "run" });
      await othersRan.promise;
      ordered.resolve();
      await again.promise;
      await Promise.all(workers.map(({ worker }) => worker.close(10_000)));
      expectEqual(most, 1, "number of concurrent runs");
      expectEqual(runs, 2, "number of runs");
    },
  },
  {
    name: "runs no more tasks at once than the concurrency of a worker",
    body: async (one) => {
      const tasks = Array.from({ length: 6 }, () => freshTask());
      const waiting = new Set(tasks.map(({ taskId }) => taskId));
      let [now, most] = [0, 0];
      const [two, done] = [settled(), settled()];
      const run = async (taskId: string): Promise<void> => {
        now += 1;
        most = Math.max(most, now);
        if (now === 2) two.resolve();
        await two.promise;
        await one.get(taskId);
        now -= 1;
        waiting.delete(taskId);
        if (waiting.size === 0) done.resolve();
      };
      const { worker } = observe(one, run, 2);
      for (const task of tasks) await one.create(task, { order: "run" });
      await done.promise;
      await worker.close(10_000);
      expectEqual(most, 2, "number of concurrent runs");
    },
  },
  {
    name: "ends an attempt with its last change, unless that is refused",
    body: async (one, other) => {
      const task = freshTask({ state: { n: 1 } });
      const second = nextVersion(task, { state: { n: 2 } });
      const [ended, again] = [settled<readonly unknown[]>(), settled<StoredTask>()];
      let runs = 0;
      const { worker } = observe(other, async (taskId, _signal, taken) => {
        if (taskId !== task.taskId) return;
        runs += 1;
        if (runs > 1) return again.resolve(taken.task);
        const isLeap = await taken.end({ ...task, version: 7 });
        ended.resolve([taken.task, isLeap, await taken.end(second)]);
      });
      await one.create(task, { order: "run" });
      expectEqual(
        await ended.promise,
        [task, false, true],
        "the task, a skipped version, the last change",
      );
      expectEqual(await one.get(task.taskId), second, "the task");
      const third = nextVersion(second);
      await one.replace(third, { order: "run" });
      expectEqual(await again.promise, third, "the task of the next attempt");
      await worker.close(10_000);
      expectEqual(runs, 2, "number of runs");
    },
  },
  {
    name: "replaces a task during an attempt, which then goes on",
    body: async (one, other) => {
      const task = freshTask({ state: { n: 1 } });
      const [second, third] = [nextVersion(task), nextVersion(nextVersion(task))];
      const done = settled<readonly boolean[]>();
      const { worker } = observe(other, async (taskId, _signal, taken) => {
        if (taskId !== task.taskId) return;
        const isReplaced = await taken.replace(second, { isProgress: true });
        const isRepeated = await taken.replace(second);
        done.resolve([isReplaced, isRepeated, await taken.end(third)]);
      });
      await one.create(task, { order: "run" });
      expectEqual(await done.promise, [true, false, true], "a change, the same again, the end");
      expectEqual(await one.get(task.taskId), third, "the task");
      await worker.close(10_000);
    },
  },
  {
    name: "does not run held or dropped tasks",
    body: async (one, other) => {
      const [held, dropped, marker] = [freshTask(), freshTask(), freshTask()];
      const taken = await one.hold(held);
      await one.create(dropped, { order: "run" });
      await one.replace(nextVersion(dropped), { order: "drop" });
      const ran: string[] = [];
      const done = settled();
      const { worker } = observe(other, async (taskId) => {
        ran.push(taskId);
        if (taskId === marker.taskId) done.resolve();
      });
      await one.create(marker, { order: "run" });
      await done.promise;
      expectEqual(await taken.end(nextVersion(held)), true, "the end of the held task");
      await worker.close(10_000);
      expectThat(!ran.includes(held.taskId), "a held task does not run");
      expectThat(!ran.includes(dropped.taskId), "a dropped task does not run");
    },
  },
  {
    name: "runs a held task once it is released",
    body: async (one, other) => {
      const task = freshTask();
      const taken = await one.hold(task);
      const ran = settled<StoredTask>();
      const { worker } = observe(other, async (taskId, _signal, attempt) => {
        if (taskId === task.taskId) ran.resolve(attempt.task);
      });
      await taken.release();
      expectEqual(await ran.promise, task, "the task that runs");
      await worker.close(10_000);
    },
  },
  {
    name: "runs a task again after a rejection, and reports the error",
    body: async (one, other) => {
      const task = freshTask();
      const failure = new Error("the first attempt fails");
      let runs = 0;
      const again = settled();
      const { worker, errors } = observe(other, async (taskId) => {
        if (taskId !== task.taskId) return;
        runs += 1;
        if (runs === 1) throw failure;
        again.resolve();
      });
      await one.create(task, { order: "run" });
      await again.promise;
      await worker.close(10_000);
      expectThat(
        errors.includes(failure),
        "onError is called with the error of a rejected attempt",
      );
      expectEqual(runs, 2, "number of runs");
    },
  },
  {
    name: "runs a rejected task again for a new order",
    body: async (one, other) => {
      const task = freshTask();
      const next = nextVersion(task);
      const [failed, again] = [settled(), settled<StoredTask>()];
      const { worker } = observe(other, async (taskId, _signal, attempt) => {
        if (taskId !== task.taskId) return;
        if (attempt.task.version > 1) return again.resolve(attempt.task);
        failed.resolve();
        throw new Error("the first attempt fails");
      });
      await one.create(task, { order: "run" });
      await failed.promise;
      await one.replace(next, { order: "run" });
      expectEqual(await again.promise, next, "the task that runs again");
      await worker.close(10_000);
    },
  },
];
