/** Tasks in a SQLite file, shared by the processes of one machine. */
import { LocalTasks, type QueueListener } from "lutra/internal";
import type { JSONObject } from "lutra/protocol";
import {
  type StoredTask,
  StoreUnavailableError,
  type TaskOrder,
  type TaskStore,
} from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { type Column, isDuplicate } from "./database.ts";
import { SqliteTaskQueue, type SqliteTaskQueueOptions } from "./task-queue.ts";
import * as rows from "./task-rows.ts";

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: string;
}

export function createSqliteTaskStore(options: SqliteTaskQueueOptions): TaskStore {
  const { database, session, now } = options;
  const workers = new Set<QueueListener>();
  const init = { ...options, workers };
  const local = new LocalTasks(new SqliteTaskQueue(init));
  const removeListener = session.onLost(() => local.loseHeld());

  async function write(sql: string, task: StoredTask, ...more: Column[]): Promise<number> {
    const { taskId, version, expiresAt, state } = task;
    const values = [taskId, version, now(), expiresAt, JSON.stringify(state), ...more];
    return database.write((connection) => connection.changes(sql, ...values));
  }

  async function insert(sql: string, task: StoredTask, ...more: Column[]): Promise<number> {
    try {
      return await write(sql, task, ...more);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new TypeError(`create: the task ${task.taskId} already exists`);
    }
  }

  function wake(): void {
    for (const worker of workers) worker.wake();
  }

  return {
    isShared: true,
    create: async (task, { order }) => {
      await insert(rows.insert[order === "run" ? "run" : "keep"], task);
      if (order === "run") wake();
    },
    hold: async (task) => {
      const number = await session.id();
      if ((await insert(rows.insert.hold, task, number)) === 0) {
        throw new StoreUnavailableError("sqlite", new Error("the lease of this process has ended"));
      }
      const taken = local.hold({ task, session: number, number: 1, rejections: 0, lostRuns: 0 });
      if (!session.isLive(number)) local.loseHeld();
      return taken;
    },
    get: async (taskId) => {
      const [row] = await database.run((connection) =>
        connection.rows<Row>(rows.find, taskId, now()),
      );
      return row && { taskId, ...row, state: JSON.parse(row.state) as JSONObject };
    },
    replace: async (task, { order, isProgress }: TaskOrder = {}) => {
      const change = order ?? (isProgress ? "progress" : "keep");
      const changed = await write(rows.replace[change], task);
      if (order === "run") wake();
      return changed > 0;
    },
    work: (workerOptions) => {
      const onError = reportOutages(workerOptions.onError);
      return local.work(new SqliteTaskQueue(init), { ...workerOptions, onError });
    },
    sweep: (limit) => database.run((connection) => connection.changes(rows.sweep, now(), limit)),
    close: async () => {
      removeListener();
      await local.close();
      await session.end();
    },
  };
}
