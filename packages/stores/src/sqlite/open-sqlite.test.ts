import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { TransportError } from "lutra/protocol";
import { type StoredTask, StoreUnavailableError, type TakenTask } from "lutra/stores";
import { handleStoreContract, replayGuardContract, taskStoreContract } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Database } from "./database.ts";
import { migrations } from "./migrations.ts";
import { openSqlite, type SqliteStore } from "./open-sqlite.ts";
import { statements } from "./task-rows.ts";

// Commits wait for the disk, which is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
const open: SqliteStore[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-sqlite-"));
});
afterAll(async () => {
  for (const store of open) await store.close();
  rmSync(folder, { recursive: true });
});

let last = 0;
const freshPath = () => {
  last += 1;
  return join(folder, `${last}.db`);
};

async function openAt(path: string): Promise<SqliteStore> {
  const store = await openSqlite(path, { retryPauseMs: () => 20 });
  open.push(store);
  return store;
}

const pair = async () => {
  const path = freshPath();
  return [await openAt(path), await openAt(path)] as const;
};

describe("tasks in SQLite", () => {
  let path: string;
  const openTasks = async () => {
    path = freshPath();
    const [one, other] = [await openAt(path), await openAt(path)];
    return [
      { ...one.tasks, close: one.close },
      { ...other.tasks, close: other.close },
    ] as const;
  };
  it("are listed for operators with their schedule, those that were scheduled last first", async () => {
    let time = 1_000_000;
    const store = await openSqlite(freshPath(), { now: () => time });
    open.push(store);
    const { tasks } = store;
    const task = (taskId: string, more: Partial<StoredTask> = {}): StoredTask => {
      return { taskId, version: 1, expiresAt: null, state: { id: taskId }, ...more };
    };
    await tasks.create(task("first"), { order: "run" });
    time += 1;
    await tasks.create(task("expired", { expiresAt: time + 1 }), { order: "run" });
    time += 1;
    await tasks.create(task("large", { state: { text: "x".repeat(300_000) } }), { order: "run" });
    time += 1;
    const held = await tasks.hold(task("held"));
    const listed = await tasks.list?.(10);
    const fresh = { attempts: 0, lostAttempts: 0, rejections: 0, isRunning: false };
    expect(listed).toEqual([
      { ...fresh, task: task("held"), attempts: 1, isRunning: true },
      { ...fresh, task: { ...task("large"), state: undefined } },
      { ...fresh, task: task("first") },
    ]);
    expect(await tasks.list?.(1)).toHaveLength(1);
    await held.release();
  });

  it("are listed by an index, so that a list does not sort all tasks", async () => {
    const file = freshPath();
    await openAt(file);
    const database = new Libsql(file);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${statements.list}`);
    const steps = plan
      .all(200, 1000, 0)
      .map((step) => (step as { readonly detail: string }).detail);
    database.close();
    expect(steps).toEqual([expect.stringContaining("USING INDEX tasks_scheduled")]);
  });

  /** Replaces the process id by one that does not exist. */
  const lose = async (taskId: string) => {
    const database = new Database(path, true);
    const sql = `UPDATE sessions SET pid = 99999999
      WHERE id = (SELECT runner FROM tasks WHERE task_id = ?1)`;
    expect(await database.run((connection) => connection.changes(sql, taskId))).toBe(1);
    database.close();
  };
  const contract = taskStoreContract(openTasks, { lose });
  for (const { name, run } of contract) it(name, run);
});

describe("handles in SQLite", () => {
  const contract = handleStoreContract(async () => {
    const [one, other] = await pair();
    return [
      { ...one.handles, close: one.close },
      { ...other.handles, close: other.close },
    ];
  });
  for (const { name, run } of contract) it(name, run);
});

describe("claims in SQLite", () => {
  const contract = replayGuardContract(async () => {
    const [one, other] = await pair();
    return [one.replayGuard, other.replayGuard];
  });
  for (const { name, run } of contract) it(name, run);

  it("survive the process that made them", async () => {
    const path = freshPath();
    const first = await openAt(path);
    await first.replayGuard.claim("a", 60_000);
    await first.close();
    const second = await openAt(path);
    expect(await second.replayGuard.claim("a", 60_000)).toBe(false);
  });
});

describe("a file", () => {
  it("is readable by its owner alone when it is new", async () => {
    const path = freshPath();
    const store = await openAt(path);
    const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
    await store.tasks.create(task, { order: "run" });
    for (const suffix of ["", "-wal", "-shm"]) {
      expect([suffix, statSync(`${path}${suffix}`).mode & 0o777]).toEqual([suffix, 0o600]);
    }
  });

  it("keeps its permissions when it exists", async () => {
    const path = freshPath();
    await (await openAt(path)).close();
    chmodSync(path, 0o660);
    await openAt(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  const raw = (path: string, sql: string) => {
    const database = new Libsql(path);
    database.exec(sql);
    database.close();
  };

  it.each(migrations.map((_sql, version) => version))(
    "is migrated from version %i",
    async (version) => {
      const path = freshPath();
      const database = new Database(path, true);
      for (const sql of migrations.slice(0, version)) database.exec(sql);
      if (version > 0) database.exec(`PRAGMA application_id = ${0x4c_75_74_72}`);
      database.exec(`PRAGMA user_version = ${version}`);
      if (version > 0) {
        database.exec("INSERT INTO tasks (task_id, version, state) VALUES ('old', 1, '{}')");
      }
      database.close();
      const store = await openAt(path);
      if (version > 0) {
        expect(await store.tasks.get("old")).toMatchObject({ version: 1 });
        const next = { taskId: "old", version: 2, expiresAt: null, state: {} };
        expect(await store.tasks.replace(next, { order: "drop" })).toBe(true);
      }
      const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
      await store.tasks.create(task, { order: "run" });
      const handle = { scope: "s", id: "a", version: 1, expiresAt: null, value: 1 };
      await store.handles.create(handle);
      expect(await store.replayGuard.claim("a", 1000)).toBe(true);
      expect(await store.tasks.get("a")).toEqual(task);
    },
  );

  it("is refused when it has a later version", async () => {
    const path = freshPath();
    await (await openAt(path)).close();
    raw(path, "PRAGMA user_version = 99");
    await expect(openSqlite(path)).rejects.toThrow(
      /the store has version 99, and this program knows versions up to 6; run a newer one/,
    );
  });

  it("is refused when it belongs to another application", async () => {
    const [foreign, text] = [freshPath(), freshPath()];
    raw(foreign, "CREATE TABLE notes (text)");
    await expect(openSqlite(foreign)).rejects.toThrow("expected a store of Lutra");
    writeFileSync(text, "no database, and longer than the header of one ".repeat(40));
    await expect(openSqlite(text)).rejects.toThrow(/not a database/);
  });

  it("is refused in a missing folder, with the name of the folder", async () => {
    const path = join(folder, "missing", "state.db");
    await expect(openSqlite(path)).rejects.toThrow(/the folder .*missing does not exist/);
    await expect(openSqlite(folder)).rejects.toThrow("expected a file, got a folder");
  });

  it("refuses calls once it is closed", async () => {
    const store = await openAt(freshPath());
    await store.close();
    await store.close();
    await expect(store.tasks.get("a")).rejects.toThrow(StoreUnavailableError);
  });
});

it("runs a rejected task at once for a new order, without the pause", async () => {
  const store = await openSqlite(freshPath(), { retryPauseMs: () => 3_600_000 });
  open.push(store);
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
});

it("aborts a run whose lease has expired, and runs its task elsewhere", async () => {
  const path = freshPath();
  const clock = { now: Date.now() };
  const one = await openSqlite(path, { now: () => clock.now });
  open.push(one);
  const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
  const aborted = new Promise<void>((resolve) => {
    const run = (taken: TakenTask) =>
      new Promise<void>((ended) => {
        taken.onLost(() => {
          resolve();
          ended();
        });
        started();
      });
    one.tasks.work({ concurrency: 1, run, onError: () => {} });
  });
  let started = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  await one.tasks.create(task, { order: "run" });
  await running;
  // Makes the lease appear a minute old.
  const other = new Database(path, true);
  other.exec("UPDATE sessions SET renewed_at = renewed_at - 60000, place = 'elsewhere'");
  other.close();
  const successor = await openAt(path);
  const taken = new Promise<string>((resolve) => {
    const run = async ({ task: { taskId } }: TakenTask) => resolve(taskId);
    successor.tasks.work({ concurrency: 1, run, onError: () => {} });
  });
  expect(await taken).toBe("a");
  await aborted;
});

it("keeps expired rows for five minutes, so that a clock that is ahead deletes nothing", async () => {
  const clock = { now: Date.now() };
  const store = await openSqlite(freshPath(), { now: () => clock.now });
  open.push(store);
  const expiresAt = clock.now + 1000;
  await store.tasks.create({ taskId: "a", version: 1, expiresAt, state: {} }, {});
  await store.handles.create({ scope: "s", id: "a", version: 1, expiresAt, value: 1 });
  const sweep = async () => [await store.tasks.sweep(10), await store.handles.sweep(10)];
  clock.now += 300_000;
  expect(await store.tasks.get("a")).toBeUndefined();
  expect(await sweep()).toEqual([0, 0]);
  clock.now -= 300_000;
  expect(await store.tasks.get("a")).toMatchObject({ version: 1 });
  clock.now += 301_000;
  expect(await sweep()).toEqual([1, 1]);
});

it("runs a waiting task soon although the clock was set back", async () => {
  const clock = { aheadMs: 600_000 };
  const path = freshPath();
  const store = await openSqlite(path, {
    now: () => Date.now() + clock.aheadMs,
    retryPauseMs: () => 60_000,
  });
  open.push(store);
  let runs = 0;
  const run = async () => {
    runs += 1;
    if (runs === 1) throw new Error("the first attempt fails");
  };
  store.tasks.work({ concurrency: 1, run, onError: () => {} });
  const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
  await store.tasks.create(task, { order: "run" });
  const file = new Database(path, true);
  onTestFinished(() => file.close());
  const isRejected = "SELECT 1 FROM tasks WHERE rejections = 1 AND runner IS NULL";
  await vi.waitUntil(() => file.rows(isRejected).length === 1, { timeout: 10_000 });
  clock.aheadMs = 0;
  await vi.waitUntil(() => runs === 2, { timeout: 10_000 });
  expect(runs).toBe(2);
});

it("takes no process for dead right after the clock was set ahead", async () => {
  const clock = { aheadMs: 0 };
  const path = freshPath();
  const store = await openSqlite(path, { now: () => Date.now() + clock.aheadMs });
  open.push(store);
  const ran = new Promise<void>((resolve) => {
    store.tasks.work({ concurrency: 1, run: async () => resolve(), onError: () => {} });
  });
  await store.tasks.create(
    { taskId: "a", version: 1, expiresAt: null, state: {} },
    { order: "run" },
  );
  await ran;
  const file = new Database(path, true);
  onTestFinished(() => file.close());
  file.changes(
    "INSERT INTO sessions (place, pid, started, renewed_at) VALUES ('elsewhere', 1, '', ?1)",
    Date.now(),
  );
  const sessions = () =>
    file.rows<{ readonly place: string; readonly renewedAt: number }>(
      "SELECT place, renewed_at AS renewedAt FROM sessions ORDER BY place <> 'elsewhere'",
    );
  clock.aheadMs = 60_000;
  // Two renewals after the jump, with several checks in between.
  const begun = Date.now();
  await vi.waitUntil(() => (sessions().at(-1)?.renewedAt ?? 0) > begun + 62_000, {
    timeout: 15_000,
  });
  expect(sessions()).toMatchObject([{ place: "elsewhere" }, {}]);
});

it("runs a task that a session has claimed whose row is gone", async () => {
  const path = freshPath();
  const store = await openAt(path);
  await store.tasks.create(
    { taskId: "orphan", version: 1, expiresAt: null, state: {} },
    { order: "run" },
  );
  const other = new Database(path, true);
  expect(other.changes("UPDATE tasks SET runner = 99, runs = 1 WHERE task_id = 'orphan'")).toBe(1);
  other.close();
  const taken = new Promise<string>((resolve) => {
    const run = async ({ task: { taskId } }: TakenTask) => resolve(taskId);
    store.tasks.work({ concurrency: 1, run, onError: () => {} });
  });
  expect(await taken).toBe("orphan");
});

it("claims, holds and keeps no task for a session whose row is gone", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const task = { version: 1, expiresAt: null, state: {} };
  // The first hold begins the session.
  const held = await store.tasks.hold({ ...task, taskId: "held" });
  const lost = new Promise((resolve) => {
    held.onLost(resolve);
  });
  const other = new Database(path, true);
  onTestFinished(() => other.close());
  expect(other.changes("DELETE FROM sessions")).toBe(1);
  const refused = store.tasks.hold({ ...task, taskId: "refused" });
  await expect(refused).rejects.toThrow(StoreUnavailableError);
  const sql =
    "SELECT count(*) AS count FROM sessions JOIN tasks ON runner = id WHERE task_id = 'a'";
  const sessions = new Promise<unknown>((resolve) => {
    const run = async ({ task: { taskId } }: TakenTask) => {
      if (taskId === "a") resolve(other.rows<{ readonly count: number }>(sql));
    };
    store.tasks.work({ concurrency: 2, run, onError: () => {} });
  });
  await store.tasks.create({ ...task, taskId: "a" }, { order: "run" });
  expect(await sessions).toEqual([{ count: 1 }]);
  expect(await lost).toBeInstanceOf(TransportError);
});
