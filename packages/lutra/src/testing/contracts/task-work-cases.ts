/** What a `TaskStore` promises about the orders to run tasks. */
import { expectEqual, expectThat, settled } from "./contract-case.ts";
import { freshTask, nextVersion, observe, type TaskStoreCase } from "./task-store-case.ts";

export const taskWorkCases: readonly TaskStoreCase[] = [
  {
    name: "runs what was ordered, at whichever replica works, and once where nothing is ordered anew",
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
        expectEqual(ran.filter((id) => id === taskId).length, 1, "how often a task ran");
      }
      expectThat(!ran.includes(quiet.taskId), "what is not ordered is not run");
    },
  },
  {
    name: "runs what was ordered before anyone worked",
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
    name: "orders nothing with a replacement that is refused",
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
      expectThat(!ran.includes(task.taskId), "a refused replacement orders nothing");
    },
  },
  {
    name: "runs a task at one replica at a time, and again for an order that came meanwhile",
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
      // While these run, whoever would wrongly take the task does so, too.
      const others = Array.from({ length: 8 }, () => freshTask());
      for (const { taskId } of others) markers.add(taskId);
      for (const marker of others) await one.create(marker, { order: "run" });
      await othersRan.promise;
      ordered.resolve();
      await again.promise;
      await Promise.all(workers.map(({ worker }) => worker.close(10_000)));
      expectEqual(most, 1, "how many ran it at once");
      expectEqual(runs, 2, "how often it ran");
    },
  },
  {
    name: "runs no more at once than a worker takes",
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
      expectEqual(most, 2, "how many ran at once");
    },
  },
  {
    name: "ends a run with its last change, where it gives runs the means, unless that is refused",
    body: async (one, other) => {
      const task = freshTask({ state: { n: 1 } });
      const second = nextVersion(task, { state: { n: 2 } });
      const ended = settled<readonly unknown[] | undefined>();
      const again = settled<unknown>();
      let runs = 0;
      const { worker } = observe(other, async (taskId, _signal, taken) => {
        if (taskId !== task.taskId) return;
        runs += 1;
        if (runs > 1) again.resolve(taken?.task);
        else if (taken === undefined) ended.resolve(undefined);
        else {
          const isLeap = await taken.replaceLast({ ...task, version: 7 });
          ended.resolve([taken.task, isLeap, await taken.replaceLast(second)]);
        }
      });
      await one.create(task, { order: "run" });
      const seen = await ended.promise;
      if (seen !== undefined) {
        expectEqual(seen, [task, false, true], "the task that was taken, a leap, the last change");
        expectEqual(await one.get(task.taskId), second, "the task");
        const third = nextVersion(second);
        await one.replace(third, { order: "run" });
        expectEqual(await again.promise, third, "the task that was taken again");
      }
      await worker.close(10_000);
      expectEqual(runs, seen === undefined ? 1 : 2, "how often it ran");
    },
  },
  {
    name: "does not run what is held or dropped",
    body: async (one, other) => {
      const [held, dropped, marker] = [freshTask(), freshTask(), freshTask()];
      await one.create(held, { order: "hold" });
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
      await one.replace(nextVersion(held), { order: "drop" });
      await worker.close(10_000);
      expectThat(!ran.includes(held.taskId), "what is held is not run");
      expectThat(!ran.includes(dropped.taskId), "what was dropped is not run");
    },
  },
  {
    name: "runs what was held once it is ordered to run",
    body: async (one, other) => {
      const task = freshTask();
      await one.create(task, { order: "hold" });
      const ran = settled();
      const { worker } = observe(other, async (taskId) => {
        if (taskId === task.taskId) ran.resolve();
      });
      await one.replace(nextVersion(task), { order: "run" });
      await ran.promise;
      await worker.close(10_000);
    },
  },
  {
    name: "runs again what was rejected, and tells of it",
    body: async (one, other) => {
      const task = freshTask();
      const failure = new Error("the first run fails");
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
      expectThat(errors.includes(failure), "onError hears of a rejected run");
      expectEqual(runs, 2, "how often it ran");
    },
  },
  {
    name: "does not wait with a new order until a rejected run would be tried again",
    body: async (one, other) => {
      const task = freshTask();
      let runs = 0;
      const [failed, again] = [settled(), settled()];
      const { worker } = observe(other, async (taskId) => {
        if (taskId !== task.taskId) return;
        runs += 1;
        if (runs === 2) again.resolve();
        if (runs > 1) return;
        failed.resolve();
        throw new Error("the first run fails");
      });
      await one.create(task, { order: "run" });
      await failed.promise;
      await one.replace(nextVersion(task), { order: "run" });
      await again.promise;
      await worker.close(10_000);
    },
  },
];
