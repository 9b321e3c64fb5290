/** Cases for the rows of a `TaskStore`. */
import type { StoredTask, TaskStore } from "../../stores/task-store.ts";
import { expectEqual, expectRejection, expectThat, freshId } from "./contract-case.ts";
import { freshTask, nextVersion, type TaskStoreCase } from "./task-store-case.ts";

export const taskKeepingCases: readonly TaskStoreCase[] = [
  {
    name: "returns a task at every replica as soon as it is created",
    body: async (one, other) => {
      const state = { text: "ö\u0000\ud800\"'", list: [1, 0.1, null, true, {}], at: 1.8e12 };
      const task = freshTask({ state });
      await one.create(task, {});
      expectEqual(await one.get(task.taskId), task, "the task at its replica");
      expectEqual(await other.get(task.taskId), task, "the task at another replica");
    },
  },
  {
    name: "stores a task without an expiry",
    body: async (one, other) => {
      const task = freshTask({ expiresAt: null });
      await one.create(task, {});
      expectEqual(await other.get(task.taskId), task, "the task");
    },
  },
  {
    name: "refuses a task whose id already exists",
    body: async (one, other) => {
      const task = freshTask();
      await one.create(task, {});
      await expectRejection(other.create({ ...task, state: { other: 1 } }, {}), "a second create");
      expectEqual(await one.get(task.taskId), task, "the task");
    },
  },
  {
    name: "returns undefined for an unknown id",
    body: async (one) => {
      expectEqual(await one.get(freshId()), undefined, "the task");
      expectEqual(await one.replace(nextVersion(freshTask())), false, "replace");
    },
  },
  {
    name: "returns undefined for ids with NUL characters or lone surrogates",
    body: async (one) => {
      const task = freshTask();
      await one.create(task, {});
      for (const taskId of ["\u0000", `${task.taskId}\u0000`, `\u0000${task.taskId}`, "\ud800"]) {
        expectEqual(await one.get(taskId), undefined, "the task");
      }
    },
  },
  {
    name: "returns an object that callers can change without changing the task",
    body: async (one) => {
      const task = freshTask({ state: { list: [] } });
      await one.create(task, {});
      const read: unknown = await one.get(task.taskId);
      (read as { state: { list: unknown[] } }).state.list.push("poison");
      expectEqual(await one.get(task.taskId), task, "the task");
    },
  },
  {
    name: "replaces only the previous version",
    body: async (one, other) => {
      const first = freshTask();
      const second = nextVersion(first, { state: { n: 2 }, expiresAt: null });
      await one.create(first, {});
      expectEqual(await other.replace(second), true, "the replacement");
      expectEqual(await one.get(first.taskId), second, "the task");
      expectEqual(await one.replace(second), false, "the same replacement again");
      expectEqual(await one.replace(nextVersion(nextVersion(second))), false, "a leap");
      expectEqual(await other.get(first.taskId), second, "the task afterwards");
    },
  },
  {
    name: "accepts one of many concurrent replacements of a version",
    body: async (one, other) => {
      const task = freshTask();
      await one.create(task, {});
      const tries = Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? one : other).replace(nextVersion(task, { state: { n } })),
      );
      const won = (await Promise.all(tries)).flatMap((isWon, n) => (isWon ? [n] : []));
      expectEqual(won.length, 1, "number of accepted replacements");
      expectEqual((await one.get(task.taskId))?.state, { n: won[0] }, "the winner's state");
    },
  },
  {
    name: "loses no change of concurrent callers that read and replace until they succeed",
    body: async (one, other) => {
      const task = freshTask({ state: { count: 0 } });
      await one.create(task, {});
      const increment = async (store: TaskStore): Promise<void> => {
        const read = (await store.get(task.taskId)) as StoredTask;
        const state = { count: (read.state.count as number) + 1 };
        if (!(await store.replace(nextVersion(read, { state })))) await increment(store);
      };
      await Promise.all(Array.from({ length: 12 }, (_, n) => increment(n % 2 === 0 ? one : other)));
      expectEqual((await other.get(task.taskId))?.state, { count: 12 }, "the count");
    },
  },
  {
    name: "does not return, replace or run an expired task",
    body: async (one, other) => {
      const task = freshTask({ expiresAt: Date.now() - 1 });
      await one.create(task, { order: "run" });
      expectEqual(await other.get(task.taskId), undefined, "the task");
      expectEqual(await one.replace(nextVersion(task)), false, "its replacement");
      const marker = freshTask();
      const worker = await new Promise<{ readonly ran: string[]; readonly close: () => unknown }>(
        (resolve) => {
          const ran: string[] = [];
          const { close } = other.work({
            concurrency: 1,
            onError: () => {},
            run: async ({ task: { taskId } }) => {
              ran.push(taskId);
              if (taskId === marker.taskId) resolve({ ran, close: () => close(0) });
            },
          });
          void one.create(marker, { order: "run" });
        },
      );
      await worker.close();
      expectThat(!worker.ran.includes(task.taskId), "an expired task is not run");
    },
  },
  {
    name: "sweeps expired tasks only, up to the limit",
    body: async (one, other) => {
      while ((await one.sweep(1000)) > 0);
      const kept = freshTask();
      await one.create(kept, {});
      for (let n = 0; n < 3; n += 1) await one.create(freshTask({ expiresAt: longAgo() }), {});
      expectEqual(await other.sweep(2), 2, "the first sweep");
      expectEqual(await one.sweep(2), 1, "the second sweep");
      expectEqual(await one.sweep(2), 0, "the third sweep");
      expectEqual(await other.get(kept.taskId), kept, "a task that has not expired");
    },
  },
];

/** The expiry of a row that every sweep deletes. Stores may keep expired rows for some minutes. */
const longAgo = () => Date.now() - 3_600_000;
