/** Tasks in a SQLite file, shared by the processes of one machine. */
import type { JSONObject } from "lutra/protocol";
import type { StoredTask, TaskOrder, TaskStore, TaskWorker } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { type Database, isDuplicate } from "./database.ts";
import type { Session } from "./session.ts";
import { SqliteTaskWorker } from "./task-worker.ts";

export interface SqliteTaskStoreOptions {
  /** For what must not be lost. */
  readonly database: Database;
  /** For what another process finds out again. */
  readonly workDatabase: Database;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
}

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: string;
}

type Order = NonNullable<TaskOrder["order"]> | "keep" | "progress";

const isKept = "(expires_at IS NULL OR expires_at > ?3)";

const isOrder = "(?6 IN ('run', 'hold', 'drop'))";

/** Both statements have the parameters: id, version, now, expiry, state, order, session. */
const insert = `
  INSERT INTO tasks (task_id, version, expires_at, state, duty, orders, due_at, holder)
  VALUES (?1, ?2, ?4, ?5, CASE WHEN ?6 IN ('run', 'hold') THEN ?6 END, 1, ?3, ?7)`;
const update = `
  UPDATE tasks SET version = ?2, expires_at = ?4, state = ?5,
    duty = CASE WHEN ${isOrder} THEN nullif(?6, 'drop') ELSE duty END,
    orders = orders + ${isOrder},
    due_at = CASE ?6 WHEN 'run' THEN ?3 ELSE due_at END,
    rejections = CASE WHEN ${isOrder} THEN 0 ELSE rejections END,
    lost_runs = CASE ?6 WHEN 'keep' THEN lost_runs ELSE 0 END,
    holder = CASE WHEN ${isOrder} THEN ?7 ELSE holder END
  WHERE task_id = ?1 AND version = ?2 - 1 AND ${isKept}`;

/** The last change of a run, which gives back what it took. */
const updateLast = `
  UPDATE tasks SET version = ?2, expires_at = ?4, state = ?5, duty = NULL, orders = orders + 1,
    rejections = 0, lost_runs = 0, holder = NULL,
    runner = CASE WHEN runs = ?6 AND runner = ?7 THEN NULL ELSE runner END
  WHERE task_id = ?1 AND version = ?2 - 1 AND ${isKept}`;

export function createSqliteTaskStore(options: SqliteTaskStoreOptions): TaskStore {
  const { database, session, now } = options;
  const workers = new Set<SqliteTaskWorker>();

  async function write(sql: string, task: StoredTask, order: Order): Promise<number> {
    const holder = order === "hold" ? await session.id() : null;
    const { taskId, version, expiresAt, state } = task;
    const json = JSON.stringify(state);
    const changed = await database.write((connection) =>
      connection.changes(sql, taskId, version, now(), expiresAt, json, order, holder),
    );
    if (order === "run") for (const worker of workers) worker.nudge();
    return changed;
  }

  return {
    isShared: true,
    create: async (task, { order }) => {
      try {
        await write(insert, task, order ?? "keep");
      } catch (error) {
        if (isDuplicate(error)) throw new TypeError(`create: the task ${task.taskId} exists`);
        throw error;
      }
    },
    get: async (taskId) => {
      const sql = `SELECT version, expires_at AS expiresAt, state FROM tasks
        WHERE task_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)`;
      const [row] = await database.run((connection) => connection.rows<Row>(sql, taskId, now()));
      return row && toTask(taskId, row);
    },
    replace: async (task, { order, isProgress } = {}) =>
      (await write(update, task, order ?? (isProgress ? "progress" : "keep"))) > 0,
    work: (workerOptions): TaskWorker => {
      const worker = new SqliteTaskWorker({
        ...workerOptions,
        ...options,
        database: options.workDatabase,
        end: async ({ taskId, version, expiresAt, state }, { runs, runner }) => {
          const json = JSON.stringify(state);
          const changed = await database.write((connection) =>
            connection.changes(updateLast, taskId, version, now(), expiresAt, json, runs, runner),
          );
          return changed > 0;
        },
        onError: reportOutages(workerOptions.onError),
      });
      workers.add(worker);
      return {
        close: async (graceMs) => {
          workers.delete(worker);
          await worker.close(graceMs);
        },
      };
    },
    sweep: (limit) =>
      database.run((connection) =>
        connection.changes(
          `DELETE FROM tasks WHERE task_id IN
             (SELECT task_id FROM tasks WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`,
          now(),
          limit,
        ),
      ),
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.close(0)));
      workers.clear();
      await session.end();
    },
  };
}

function toTask(taskId: string, { version, expiresAt, state }: Row): StoredTask {
  return { taskId, version, expiresAt, state: JSON.parse(state) as JSONObject };
}
