/** Tasks in the memory of one process. They end with it. */
import type { JSONObject } from "../protocol/json.ts";
import { LocalTasks } from "./local-tasks.ts";
import { MemoryRows } from "./memory-rows.ts";
import { MemoryTaskQueue } from "./memory-task-queue.ts";
import type { StoredTask, TaskStore } from "./task-store.ts";
import { type Timer, waitWithTimer } from "./timer.ts";

export interface MemoryTaskStoreOptions {
  /** Maximum number of tasks. Further ones are refused with a 503. @default 100000 */
  readonly maxTasks?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /**
   * Waits for pauses between attempts, and for running tasks when a worker closes. Ends early when
   * the signal aborts. @default setTimeout
   */
  readonly wait?: Timer;
}

/** Creates a store in the memory of this process. */
export function createMemoryTaskStore(options: MemoryTaskStoreOptions = {}): TaskStore {
  const { maxTasks = 100_000, now = Date.now, wait = waitWithTimer } = options;
  if (!(maxTasks >= 1)) throw new TypeError("maxTasks: expected at least 1");
  const rows = new MemoryRows<JSONObject>({
    maxRows: maxTasks,
    plural: "tasks",
    now,
    onExpired: (taskId) => queue.drop(taskId),
  });
  const queue = new MemoryTaskQueue({ wait, read, replace });
  const local = new LocalTasks(queue);

  function read(taskId: string): StoredTask | undefined {
    const row = rows.get(taskId);
    if (row === undefined) return undefined;
    const { version, expiresAt, value: state } = row;
    return { taskId, version, expiresAt, state };
  }

  function insert({ taskId, version, expiresAt, state: value }: StoredTask): void {
    if (rows.add(taskId, { version, expiresAt, value })) return;
    throw new TypeError(`create: the task ${taskId} already exists`);
  }

  function replace({ taskId, version, expiresAt, state: value }: StoredTask): boolean {
    return rows.replace(taskId, { version, expiresAt, value });
  }

  return {
    isShared: false,
    create: async (task, { order }) => {
      insert(task);
      if (order === "run") queue.order(task.taskId, true);
    },
    hold: async (task) => {
      insert(task);
      return local.hold(queue.hold(task));
    },
    get: async (taskId) => read(taskId),
    replace: async (task, { order } = {}) => {
      if (!replace(task)) return false;
      if (order === "run") queue.order(task.taskId);
      if (order === "drop") queue.drop(task.taskId);
      return true;
    },
    work: (options) => local.work(queue, options, wait),
    sweep: async (limit) => rows.sweep(limit),
    close: () => local.close(),
  };
}
