/** The store during an outage of Postgres, and its migrations. */
import { inspect } from "node:util";
import { openPostgres, type PostgresStore } from "@lutra/stores/postgres";
import { eventGapTopic, type StoredTask, StoreUnavailableError } from "lutra/stores";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { migrations } from "../../packages/stores/src/postgres/migrations.ts";
import {
  hasPostgresBinaries,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

/** The version of the tables that this code creates. */
const newest = migrations.length;

/** Retries while the store is unavailable. */
function eventually<T>(call: () => Promise<T>): Promise<T> {
  return vi.waitFor(call, { timeout: 30_000 });
}

describe.skipIf(!hasPostgresBinaries)(`Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  let one: PostgresStore;
  let other: PostgresStore;

  beforeAll(async () => {
    server = await startPostgres(true);
    const options = { onError: () => {}, retryPauseMs: () => 50 };
    [one, other] = await Promise.all([
      openPostgres(server.url, options),
      openPostgres(server.url, options),
    ]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), other.close()]);
    server.remove();
  });

  it("recovers from an outage: calls fail in time, and acknowledged changes survive", async () => {
    const ran: string[] = [];
    let waiting: { readonly taskId: string; readonly resolve: () => void } | undefined;
    const runOf = (taskId: string) =>
      new Promise<void>((resolve) => {
        if (ran.includes(taskId)) resolve();
        else waiting = { taskId, resolve };
      });
    let aborted = 0;
    let started = () => {};
    const hasStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const worker = other.tasks.work({
      concurrency: 2,
      onError: () => {},
      run: async (taken) => {
        const { taskId } = taken.task;
        if (taskId === "hangs" && aborted === 0) {
          started();
          await new Promise((resolve) => taken.onLost(resolve));
          aborted += 1;
          return;
        }
        ran.push(taskId);
        if (waiting?.taskId === taskId) waiting.resolve();
      },
    });
    const fresh = (taskId: string): StoredTask => ({
      taskId,
      version: 1,
      expiresAt: null,
      state: {},
    });
    await one.tasks.create(fresh("hangs"), { order: "run" });
    await hasStarted;
    await one.tasks.create(fresh("kept"), {});
    let gaps = 0;
    const gap = new Promise<void>((resolve) => {
      other.events.subscribe(eventGapTopic, () => {
        gaps += 1;
        resolve();
      });
    });

    server.stop();
    const begun = performance.now();
    const refused = [
      one.tasks.create(fresh("never"), { order: "run" }),
      one.tasks.get("kept"),
      one.handles.get("s", "a"),
      one.replayGuard.claim("a", 1000),
      one.events.publish("topic", {}) as Promise<void>,
    ];
    for (const call of await Promise.allSettled(refused)) {
      const reason = call.status === "rejected" ? call.reason : undefined;
      expect(reason).toBeInstanceOf(StoreUnavailableError);
      expect(reason).toMatchObject({ status: 503, retryAfterMs: 2000 });
    }
    expect(performance.now() - begun).toBeLessThan(4000);
    void one.events.publish("unheard", {});

    server.start();
    await gap;
    expect(gaps).toBeGreaterThan(0);
    expect(await eventually(() => one.tasks.get("kept"))).toEqual(fresh("kept"));
    await runOf("hangs");
    expect(aborted).toBe(1);
    await eventually(() => one.tasks.create(fresh("later"), { order: "run" }));
    await runOf("later");
    const heard = new Promise((resolve) => {
      other.events.subscribe("topic", resolve);
    });
    await eventually(async () => one.events.publish("topic", { n: 1 }));
    expect(await heard).toEqual({ n: 1 });
    await worker.close(1000);
  });

  it.each(["fast", "immediate"] as const)("continues after a restart that is %s", async (how) => {
    const gap = new Promise<void>((resolve) => {
      other.events.subscribe(eventGapTopic, () => resolve());
    });
    const heard = new Promise((resolve) => {
      other.events.subscribe(how, resolve);
    });
    server.stop(how);
    server.start();
    expect(await eventually(async () => one.replayGuard.claim(how, 60_000))).toBe(true);
    await gap;
    await eventually(async () => one.events.publish(how, { how }));
    expect(await heard).toEqual({ how });
  });

  it("refuses a store of a later version", async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("UPDATE lutra.schema_version SET version = 99");
    await expect(openPostgres(server.url)).rejects.toThrow(
      `postgres: the store has version 99, and this program knows versions up to ${newest}; run a newer one`,
    );
    await client.query(`UPDATE lutra.schema_version SET version = ${newest}`);
    await client.end();
  });

  it.each(Array.from({ length: newest + 1 }, (_, version) => version))(
    "migrates a store of version %i",
    async (version) => {
      const name = `version_${version}`;
      const client = new pg.Client(server.url);
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      const url = server.url.replace(/\/[^/]*$/, `/${name}`);
      const old = new pg.Client(url);
      await old.connect();
      await old.query("CREATE SCHEMA lutra; CREATE TABLE lutra.schema_version (version integer)");
      for (const migration of migrations.slice(0, version)) await old.query(migration);
      await old.query("INSERT INTO lutra.schema_version VALUES ($1)", [version]);
      if (version > 0) {
        await old.query(
          "INSERT INTO lutra.tasks (task_id, version, state) VALUES ('old', 1, '{}')",
        );
      }
      await old.end();
      const store = await openPostgres(url);
      if (version > 0) {
        expect(await store.tasks.get("old")).toMatchObject({ version: 1 });
        const next = { taskId: "old", version: 2, expiresAt: null, state: {} };
        expect(await store.tasks.replace(next, { order: "drop" })).toBe(true);
      }
      await store.handles.create({ scope: "s", id: "a", version: 1, expiresAt: null, value: 1 });
      expect(await store.replayGuard.claim("a", 1000)).toBe(true);
      await store.close();
    },
  );

  it("runs the tasks of a store of version 4 that were in flight", async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("CREATE DATABASE in_flight");
    await client.end();
    const url = server.url.replace(/\/[^/]*$/, "/in_flight");
    const old = new pg.Client(url);
    await old.connect();
    await old.query("CREATE SCHEMA lutra; CREATE TABLE lutra.schema_version (version integer)");
    for (const migration of migrations.slice(0, 4)) await old.query(migration);
    await old.query("INSERT INTO lutra.schema_version VALUES (4)");
    // Rows as an earlier version writes them. The sessions 7 and 8 belong to dead processes.
    await old.query(`
      INSERT INTO lutra.tasks
        (task_id, version, state, duty, orders, taken, runs, runner, holder, lost_runs) VALUES
        ('due', 1, '{}', 'run', 1, NULL, 0, NULL, NULL, 0),
        ('running', 3, '{}', 'run', 2, 2, 2, 7, NULL, 1),
        ('held', 1, '{}', 'hold', 1, NULL, 0, NULL, 8, 0),
        ('over', 5, '{}', NULL, 3, 2, 2, NULL, NULL, 0)`);
    await old.end();
    const store = await openPostgres(url);
    const runs: (readonly [taskId: string, lostAttempts: number])[] = [];
    const worker = store.tasks.work({
      concurrency: 4,
      onError: () => {},
      run: async ({ task: { taskId }, lostAttempts }) => {
        runs.push([taskId, lostAttempts]);
      },
    });
    await vi.waitUntil(() => runs.length === 3, { timeout: 10_000 });
    await worker.close(1000);
    await store.close();
    expect(runs.sort()).toEqual([
      ["due", 0],
      ["held", 1],
      ["running", 2],
    ]);
  });

  it("waits for a transaction that uses the table, without blocking others meanwhile", async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("CREATE DATABASE locked");
    await client.end();
    const url = server.url.replace(/\/[^/]*$/, "/locked");
    const [reader, other] = [new pg.Client(url), new pg.Client(url)];
    await Promise.all([reader.connect(), other.connect()]);
    await reader.query("CREATE SCHEMA lutra; CREATE TABLE lutra.schema_version (version integer)");
    for (const migration of migrations.slice(0, 4)) await reader.query(migration);
    await reader.query("INSERT INTO lutra.schema_version VALUES (4)");
    await reader.query("BEGIN; SELECT * FROM lutra.tasks");
    const opened = openPostgres(url);
    const isLocked = async () => {
      const { rows } = await other.query("SELECT 1 FROM pg_locks WHERE NOT granted");
      return rows.length > 0;
    };
    await vi.waitUntil(isLocked, { timeout: 10_000 });
    const begun = performance.now();
    await other.query("SELECT * FROM lutra.tasks");
    expect(performance.now() - begun).toBeLessThan(3000);
    await reader.query("COMMIT");
    await (await opened).close();
    await Promise.all([reader.end(), other.end()]);
  });

  it.each([
    ["a wrong password", (url: URL) => (url.password = "wrong"), "refused the password of lutra"],
    ["a wrong database", (url: URL) => (url.pathname = "/none"), "has no database none"],
    ["a wrong port", (url: URL) => (url.port = "1"), "is unreachable: connection refused"],
  ])("reports %s", async (_what, change, message) => {
    const url = new URL(server.url);
    change(url);
    const error = await openPostgres(url.href).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    // Includes the cause and all other properties that a log would show.
    expect(inspect(error, { depth: null })).not.toMatch(/otter|wrong/);
  });
});
