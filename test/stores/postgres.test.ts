/** The contracts of the stores in Postgres. */

import { openPostgres } from "@lutra/stores/postgres";
import {
  eventBusContract,
  handleStoreContract,
  replayGuardContract,
  taskStoreContract,
} from "lutra/testing";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const errors: unknown[] = [];

describe.skipIf(!hasPostgres)(`Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  const open = () =>
    openPostgres(server.url, {
      maxConnections: 5,
      retryPauseMs: () => 50,
      onError: (error) => errors.push(error),
    });
  const pair = () => Promise.all([open(), open()]);

  describe("tasks", () => {
    const openTasks = async () => {
      const [one, other] = await pair();
      return [
        { ...one.tasks, close: one.close },
        { ...other.tasks, close: other.close },
      ] as const;
    };
    /** Ends the connection whose lock shows that the process is alive. */
    const lose = async (taskId: string) => {
      const client = new pg.Client(server.url);
      await client.connect();
      const ended = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND objid = (
           SELECT runner FROM lutra.tasks WHERE task_id = $1)::oid
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [taskId],
      );
      await client.end();
      expect(ended.rowCount).toBe(1);
    };
    const contract = taskStoreContract(openTasks, { lose });
    for (const { name, run } of contract) it(name, run);

    it("runs a rejected task at once for a new order, without the pause", async () => {
      const store = await openPostgres(server.url, { retryPauseMs: () => 3_600_000 });
      const task = { taskId: "again", version: 1, expiresAt: null, state: {} };
      const versions: number[] = [];
      const onError = vi.fn();
      store.tasks.work({
        concurrency: 1,
        onError,
        run: async (taken) => {
          if (taken.task.taskId !== task.taskId) return;
          versions.push(taken.task.version);
          if (taken.task.version === 1) throw new Error("the first attempt fails");
        },
      });
      await store.tasks.create(task, { order: "run" });
      await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 10_000);
      await store.tasks.replace({ ...task, version: 2 }, { order: "run" });
      await vi.waitFor(() => expect(versions).toEqual([1, 2]), 10_000);
      await store.close();
    });

    it("does not count an attempt as lost when its process has only lost the connection", async () => {
      const [one, other] = await openTasks();
      const task = { taskId: "blip", version: 1, expiresAt: null, state: {} };
      const runs: string[] = [];
      const workers = [one, other].map((store, index) =>
        store.work({
          concurrency: 20,
          onError: () => {},
          run: async (taken) => {
            if (taken.task.taskId !== task.taskId) return;
            runs.push(`${index}`);
            await new Promise<void>((resolve) => {
              taken.onLost(() => resolve());
            });
          },
        }),
      );
      await one.create(task, { order: "run" });
      for (const losses of [1, 2, 3]) {
        await vi.waitUntil(() => runs.length === losses, { timeout: 10_000 });
        await lose(task.taskId);
      }
      const client = new pg.Client(server.url);
      await client.connect();
      const sql = "SELECT lost_runs, runner FROM lutra.tasks WHERE task_id = $1";
      await vi.waitFor(async () => {
        expect(runs).toHaveLength(4);
        const { rows } = await client.query(sql, [task.taskId]);
        expect(rows).toEqual([{ lost_runs: 0, runner: expect.any(Number) }]);
      }, 10_000);
      await client.end();
      await Promise.all(workers.map((worker) => worker.close(0)));
      await Promise.all([one.close(), other.close()]);
    });
  });

  describe("handles", () => {
    const contract = handleStoreContract(async () => {
      const [one, other] = await pair();
      return [
        { ...one.handles, close: one.close },
        { ...other.handles, close: other.close },
      ];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("claims", () => {
    const stores: Promise<Awaited<ReturnType<typeof pair>>>[] = [];
    const contract = replayGuardContract(async () => {
      stores[0] ??= pair();
      const [one, other] = await stores[0];
      return [one.replayGuard, other.replayGuard];
    });
    for (const { name, run } of contract) it(name, run);
    afterAll(async () => {
      for (const store of (await stores[0]) ?? []) await store.close();
    });
  });

  describe("events", () => {
    const contract = eventBusContract(async () => {
      const [one, other] = await pair();
      return {
        one: one.events,
        other: other.events,
        close: async () => {
          await Promise.all([one.close(), other.close()]);
        },
      };
    });
    for (const { name, run } of contract) it(name, run);
  });
});
