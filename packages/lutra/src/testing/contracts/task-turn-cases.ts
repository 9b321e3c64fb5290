/** Cases for the order in which a `TaskStore` runs due tasks. */
import { expectEqual, settled } from "./contract-case.ts";
import { freshTask, nextVersion, observe, type TaskStoreCase } from "./task-store-case.ts";

export const taskTurnCases: readonly TaskStoreCase[] = [
  {
    name: "runs tasks that were ordered again, or held, before new ones",
    body: async (one, other) => {
      const [asking, held, busy, fresh] = [freshTask(), freshTask(), freshTask(), freshTask()];
      const ran: string[] = [];
      const [hasAsked, isBusy, goOn, done] = [settled(), settled(), settled(), settled()];
      const run = async (taskId: string): Promise<void> => {
        ran.push(taskId);
        if (taskId === asking.taskId && ran.length === 1) {
          await one.replace(nextVersion(asking), { order: "drop" });
          hasAsked.resolve();
        }
        if (taskId === busy.taskId) {
          isBusy.resolve();
          await goOn.promise;
        }
        if (ran.length === 5) done.resolve();
      };
      const { worker } = observe(other, run, 1);
      await one.create(asking, { order: "run" });
      await hasAsked.promise;
      await one.create(busy, { order: "run" });
      await isBusy.promise;
      const taken = await one.hold(held);
      await one.create(fresh, { order: "run" });
      await one.replace(nextVersion(nextVersion(asking)), { order: "run" });
      await taken.release();
      goOn.resolve();
      await done.promise;
      await worker.close(10_000);
      const begun = [asking, held].map(({ taskId }) => taskId);
      expectEqual(ran.slice(0, 2), [asking.taskId, busy.taskId], "the task that ran first");
      expectEqual(ran.slice(2, 4).sort(), begun.sort(), "tasks that ran before the new one");
      expectEqual(ran[4], fresh.taskId, "the task that ran last");
    },
  },
  {
    name: "runs a task that a closing worker released before new ones",
    body: async (one, other) => {
      const [broken, ...fresh] = Array.from({ length: 4 }, () => freshTask());
      if (broken === undefined) return;
      const [started, done] = [settled(), settled()];
      const first = observe(
        one,
        (_taskId, signal) => {
          started.resolve();
          return new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve());
          });
        },
        1,
      );
      await one.create(broken, { order: "run" });
      await started.promise;
      for (const task of fresh) await one.create(task, { order: "run" });
      await first.worker.close(0);
      const ran: string[] = [];
      const run = async (taskId: string): Promise<void> => {
        ran.push(taskId);
        if (ran.length === 4) done.resolve();
      };
      const second = observe(other, run, 1);
      await done.promise;
      await second.worker.close(10_000);
      expectEqual(ran[0], broken.taskId, "the task that ran first");
    },
  },
];
