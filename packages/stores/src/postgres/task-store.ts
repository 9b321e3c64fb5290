/** Tasks in Postgres. A row holds a task and its schedule, so both change in one statement. */
import { LocalTasks } from "lutra/internal";
import type { JSONObject } from "lutra/protocol";
import type { StoredTask, TaskOrder, TaskStore } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { canBeName, isDuplicate } from "./connection.ts";
import { PostgresTaskQueue, type PostgresTaskQueueOptions } from "./task-queue.ts";
import * as rows from "./task-rows.ts";

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: JSONObject;
}

export function createPostgresTaskStore(options: PostgresTaskQueueOptions): TaskStore {
  const { connection, session, now } = options;
  const queue = new PostgresTaskQueue(options);
  const local = new LocalTasks(queue);
  const removeListener = session.add({ onLost: () => local.loseHeld() });

  function valuesOf({ taskId, version, expiresAt, state }: StoredTask): unknown[] {
    return [taskId, version, now(), expiresAt, JSON.stringify(state)];
  }

  async function insert(sql: string, task: StoredTask, ...more: unknown[]): Promise<void> {
    try {
      await connection.count(sql, [...valuesOf(task), ...more]);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new TypeError(`create: the task ${task.taskId} already exists`);
    }
  }

  return {
    isShared: true,
    create: (task, { order }) => insert(rows.insert[order === "run" ? "run" : "keep"], task),
    hold: async (task) => {
      const number = await session.id();
      await insert(rows.insert.hold, task, number);
      const taken = local.hold({ task, session: number, number: 1, rejections: 0, lostRuns: 0 });
      if (!session.isLive(number)) local.loseHeld();
      return taken;
    },
    get: async (taskId) => {
      if (!canBeName(taskId)) return undefined;
      const [row] = await connection.rows<Row>(rows.find, [taskId, now()]);
      return row && { taskId, ...row };
    },
    replace: async (task, { order, isProgress }: TaskOrder = {}) => {
      const change = order ?? (isProgress ? "progress" : "keep");
      return (await connection.count(rows.replace[change], valuesOf(task))) > 0;
    },
    work: (workerOptions) => {
      const onError = reportOutages(workerOptions.onError);
      return local.work(queue, { ...workerOptions, onError });
    },
    sweep: (limit) => connection.count(rows.sweep, [now(), limit]),
    close: async () => {
      removeListener();
      await local.close();
      await session.end();
    },
  };
}
