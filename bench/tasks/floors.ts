/** The minimal work of an engine for a task: insert a row, run it, update the row. */
import { randomUUID } from "node:crypto";
import { Logger, runMigrations, run as runQueue } from "graphile-worker";
import Libsql from "libsql";
import { createMemoryTaskStore } from "lutra/stores";
import pg from "pg";
import { inFlight, maxTasks, row, type Subject, state } from "./engine.ts";

/** The in-memory store alone: stores a task, runs it and stores its end. */
export function memoryFloor(): Subject {
  const store = createMemoryTaskStore({ maxTasks });
  const waiting = new Map<string, () => void>();
  store.work({
    concurrency: inFlight,
    onError: console.error,
    run: async (taken) => {
      const { taskId } = taken.task;
      await taken.end({ ...taken.task, version: 2 });
      waiting.get(taskId)?.();
      waiting.delete(taskId);
    },
  });
  return {
    create: async () => {
      const taskId = randomUUID();
      const done = new Promise<void>((resolve) => {
        waiting.set(taskId, resolve);
      });
      const task = { taskId, version: 1, expiresAt: null, state: row };
      await store.create(task, { order: "run" });
      return { done };
    },
  };
}

/** Texts in a `Map`, by an unguessable id. */
export function mapFloor(): Subject {
  const rows = new Map<string, { readonly version: number; readonly state: string }>();
  return {
    create: async () => {
      const id = randomUUID();
      rows.set(id, { version: 1, state });
      const done = Promise.resolve().then(() => rows.set(id, { version: 2, state }));
      return { done };
    },
  };
}

/** A table row with the settings of the store: each statement is committed to disk. */
export function sqliteFloor(file: string): Subject {
  const database = new Libsql(file);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec(
    "CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, version INTEGER, state TEXT)",
  );
  const insert = database.prepare("INSERT INTO rows VALUES (?, 1, ?)");
  const update = database.prepare("UPDATE rows SET version = 2, state = ? WHERE id = ?");
  return {
    create: async () => {
      const id = randomUUID();
      insert.run(id, state);
      return { done: Promise.resolve().then(() => update.run(state, id)) };
    },
  };
}

/** A row and a job in one transaction, and a worker that updates the row. */
export async function postgresFloor(url: string): Promise<Subject> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", console.error);
  pool.on("connect", (client) => void client.on("error", console.error));
  const logger = new Logger(() => () => {});
  const schema = "bench_queue";
  await runMigrations({ pgPool: pool, schema, logger });
  await pool.query(
    "CREATE TABLE IF NOT EXISTS bench_rows (id text PRIMARY KEY, version integer NOT NULL, state json NOT NULL)",
  );
  const waiting = new Map<string, () => void>();
  await runQueue({
    pgPool: pool,
    schema,
    logger,
    concurrency: inFlight,
    noHandleSignals: true,
    taskList: {
      work: async (payload) => {
        const { id } = payload as { readonly id: string };
        await pool.query("UPDATE bench_rows SET version = 2, state = $2 WHERE id = $1", [
          id,
          state,
        ]);
        waiting.get(id)?.();
        waiting.delete(id);
      },
    },
  });
  const insert = `
    WITH added AS (INSERT INTO bench_rows VALUES ($1, 1, $2) RETURNING id)
    SELECT ${schema}.add_job('work', json_build_object('id', id)) FROM added`;
  return {
    create: async () => {
      const id = randomUUID();
      const done = new Promise<void>((resolve) => {
        waiting.set(id, resolve);
      });
      await pool.query(insert, [id, state]);
      return { done };
    },
  };
}
