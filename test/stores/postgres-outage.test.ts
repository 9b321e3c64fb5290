/** What happens when Postgres goes away, and when it comes back. */
import { inspect } from "node:util";
import { openPostgres, type PostgresStore } from "@lutra/stores/postgres";
import { eventGapTopic, type StoredTask, StoreUnavailableError } from "lutra/stores";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgresBinaries,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

/** Tries again as long as the store is away. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return eventually(call);
  }
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

  it("goes away and comes back: calls fail in time, nothing acknowledged is lost", async () => {
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
      run: async (taskId, signal) => {
        if (taskId === "hangs" && aborted === 0) {
          started();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
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
    void one.events.publish("topic", {});

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

  it("runs a task that its queue has lost", async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    const task = { taskId: "lost", version: 1, expiresAt: null, state: {} };
    await one.tasks.create(task, { order: "run" });
    await client.query("SELECT lutra_queue.remove_job('lutra:lost')");
    await client.end();
    let found: (taskId: string) => void = () => {};
    const ran = new Promise<string>((resolve) => {
      found = resolve;
    });
    const run = async (taskId: string) => found(taskId);
    const worker = other.tasks.work({ concurrency: 1, run, onError: () => {} });
    expect(await ran).toBe("lost");
    await worker.close(1000);
  });

  it("refuses a store of a later version", async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query("UPDATE lutra.schema_version SET version = 99");
    await expect(openPostgres(server.url)).rejects.toThrow(
      "postgres: the store has version 99, and this program knows versions up to 4; run a newer one",
    );
    await client.query("UPDATE lutra.schema_version SET version = 4");
    await client.end();
  });

  it.each([0, 1, 2, 3, 4])("brings a store of version %i up to date", async (version) => {
    const name = `version_${version}`;
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    const url = server.url.replace(/\/[^/]*$/, `/${name}`);
    const { migrations } = await import("../../packages/stores/src/postgres/migrations.ts");
    const old = new pg.Client(url);
    await old.connect();
    await old.query("CREATE SCHEMA lutra; CREATE TABLE lutra.schema_version (version integer)");
    for (const migration of migrations.slice(0, version)) await old.query(migration);
    await old.query("INSERT INTO lutra.schema_version VALUES ($1)", [version]);
    if (version > 0) {
      await old.query("INSERT INTO lutra.tasks (task_id, version, state) VALUES ('old', 1, '{}')");
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
  });

  it.each([
    ["a wrong password", (url: URL) => (url.password = "wrong"), "refused the password of lutra"],
    ["a wrong database", (url: URL) => (url.pathname = "/none"), "has no database none"],
    ["a wrong port", (url: URL) => (url.port = "1"), "can't be reached: nobody listens there"],
  ])("says what is wrong with %s", async (_what, change, message) => {
    const url = new URL(server.url);
    change(url);
    const error = await openPostgres(url.href).catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    // With its cause and all else that a log would show.
    expect(inspect(error, { depth: null })).not.toMatch(/otter|wrong/);
  });
});
