/** Tasks in a SQLite file, shared by the processes of one machine. */
import { HeldTasks, TaskRunner } from "lutra/internal";
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

interface Worker {
  readonly queue: SqliteTaskQueue;
  readonly runner: TaskRunner;
}

export function createSqliteTaskStore(options: SqliteTaskQueueOptions): TaskStore {
  const { database, session, now } = options;
  const workers = new Set<Worker>();
  const init = { ...options, onReleased: wake };
  const held = new HeldTasks(new SqliteTaskQueue(init));
  const forget = session.onLost(() => held.lose());

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
    for (const { queue } of workers) queue.wake();
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
      const taken = held.add({ task, session: number, number: 1, rejections: 0, lostRuns: 0 });
      if (!session.isLive(number)) held.lose();
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
      const queue = new SqliteTaskQueue(init);
      const worker = { queue, runner: new TaskRunner(queue, { ...workerOptions, onError }) };
      workers.add(worker);
      return {
        close: async (graceMs) => {
          workers.delete(worker);
          await worker.runner.close(graceMs);
        },
      };
    },
    sweep: (limit) => database.run((connection) => connection.changes(rows.sweep, now(), limit)),
    close: async () => {
      forget();
      await Promise.all([...workers].map(({ runner }) => runner.close(0)));
      workers.clear();
      await held.release();
      await session.end();
    },
  };
}
