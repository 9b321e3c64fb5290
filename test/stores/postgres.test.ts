/** The contracts of the stores in Postgres. */

import { openStore } from "@lutra/stores";
import { openPostgres, type PostgresStore } from "@lutra/stores/postgres";
import { TransportError } from "lutra/protocol";
import type { StoredTask, TakenTask } from "lutra/stores";
import {
  eventBusContract,
  handleStoreContract,
  replayGuardContract,
  taskStoreContract,
} from "lutra/testing";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
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

    it("lists tasks for operators with their schedule, those that were scheduled last first", async () => {
      const store = await openPostgres(server.url, { prefix: "listed" });
      const task = { taskId: "one", version: 1, expiresAt: null, state: { n: 1 } };
      await store.tasks.create(task, { order: "run" });
      const held = await store.tasks.hold({ ...task, taskId: "two" });
      const fresh = { attempts: 0, lostAttempts: 0, rejections: 0, isRunning: false };
      expect(await store.tasks.list?.(10)).toEqual([
        { ...fresh, task: { ...task, taskId: "two" }, attempts: 1, isRunning: true },
        { ...fresh, task },
      ]);
      expect(await store.tasks.list?.(1)).toHaveLength(1);
      await held.release();
      await store.close();
    });

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

    it("refuses writes and effects of an attempt that another one has followed, by the row alone", async () => {
      const store = await open();
      const attempts = new Map<string, TakenTask>();
      const worker = store.tasks.work({
        concurrency: 20,
        onError: () => {},
        run: (taken) => {
          attempts.set(taken.task.taskId, taken);
          return new Promise((resolve) => {
            taken.onLost(() => resolve());
          });
        },
      });
      const tasks = ["writes", "runs effects"].map((taskId) => {
        return { taskId, version: 1, expiresAt: null, state: {} };
      });
      for (const task of tasks) await store.tasks.create(task, { order: "run" });
      await vi.waitUntil(() => tasks.every(({ taskId }) => attempts.has(taskId)));
      const client = new pg.Client(server.url);
      await client.connect();
      await client.query("UPDATE lutra.tasks SET runs = runs + 1 WHERE task_id = ANY ($1)", [
        [...attempts.keys()],
      ]);
      await client.end();
      const write = attempts.get("writes")?.replace({ ...(tasks[0] as StoredTask), version: 2 });
      await expect(write).rejects.toThrow(TransportError);
      // An attempt is trusted for a tenth of a second after its claim.
      const confirm = async () => attempts.get("runs effects")?.confirm();
      const isRefused = () => confirm().then(Boolean, (error) => error instanceof TransportError);
      await expect.poll(isRefused).toBe(true);
      expect(await store.tasks.get("writes")).toEqual(tasks[0]);
      await worker.close(0);
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

  it("deletes and hides nothing that has not expired by the clock of Postgres", async () => {
    const store = await open();
    onTestFinished(() => void vi.useRealTimers());
    const expiresAt = Date.now() + 3_600_000;
    const task = { taskId: "ahead", version: 1, expiresAt, state: {} };
    const handle = { scope: "ahead", id: "a", version: 1, expiresAt, value: 1 };
    await store.handles.create(handle);
    expect(await store.replayGuard.claim("ahead", 3_600_000)).toBe(true);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7_200_000 });
    const ran = new Promise<string>((resolve) => {
      const run = async (taken: TakenTask) => {
        if (taken.task.taskId !== task.taskId) return;
        await taken.replace({ ...task, version: 2 });
        resolve(taken.task.taskId);
      };
      store.tasks.work({ concurrency: 1, run, onError: () => {} });
    });
    await store.tasks.create(task, { order: "run" });
    expect(await ran).toBe("ahead");
    expect([await store.tasks.sweep(10), await store.handles.sweep(10)]).toEqual([0, 0]);
    expect(await store.tasks.get("ahead")).toEqual({ ...task, version: 2 });
    expect(await store.handles.get("ahead", "a")).toEqual(handle);
    expect(await store.replayGuard.claim("ahead", 3_600_000)).toBe(false);
    await store.close();
  });

  describe("a prefix", () => {
    it("separates the tasks, handles, claims and events of servers in one database", async () => {
      const prefixes = [undefined, "reports", "reports_2"];
      const stores = await Promise.all(
        prefixes.map((prefix) => openPostgres(server.url, { prefix, maxConnections: 2 })),
      );
      onTestFinished(async () => {
        for (const store of stores) await store.close();
      });
      const [plain, reports, other] = stores as [PostgresStore, PostgresStore, PostgresStore];
      const task = { taskId: "shared", version: 1, expiresAt: null, state: {} };
      const ran = [plain, reports, other].map(
        ({ tasks }) =>
          new Promise<unknown>((resolve, reject) => {
            const run = async (taken: TakenTask) => {
              if (taken.task.taskId === task.taskId) resolve(taken.task.state);
            };
            const worker = tasks.work({ concurrency: 1, run, onError: reject });
            onTestFinished(() => worker.close(0));
          }),
      );
      const received = stores.map(({ events }) => {
        const all: unknown[] = [];
        events.subscribe("topic", (event) => void all.push(event));
        return all;
      });
      for (const [index, { tasks, replayGuard, events }] of stores.entries()) {
        await tasks.create({ ...task, state: { index } }, { order: "run" });
        expect(await replayGuard.claim("once", 60_000)).toBe(true);
        await events.publish("topic", { index });
      }
      expect(await Promise.all(ran)).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }]);
      await vi.waitFor(() => {
        expect(received).toEqual([[{ index: 0 }], [{ index: 1 }], [{ index: 2 }]]);
      });
    });

    it("is a parameter of the URL, which all replicas of a server have", async () => {
      const url = `${server.url}${server.url.includes("?") ? "&" : "?"}prefix=fleet`;
      const [one, two] = await Promise.all([openStore(url), openStore(url)]);
      onTestFinished(async () => {
        for (const store of [one, two]) await store.close();
      });
      expect(await one.replayGuard.claim("fleet", 60_000)).toBe(true);
      expect(await two.replayGuard.claim("fleet", 60_000)).toBe(false);
      const without = await open();
      expect(await without.replayGuard.claim("fleet", 60_000)).toBe(true);
      await without.close();
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
