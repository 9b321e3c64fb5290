/** Tasks in the memory of one process. They end with it. */
import type { JSONObject } from "../protocol/json.ts";
import { LocalTasks } from "./local-tasks.ts";
import { MemoryTaskQueue } from "./memory-task-queue.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";
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

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  /** JSON, so that callers can't change what others read. */
  readonly state: string;
}

/** Creates a store in the memory of this process. */
export function createMemoryTaskStore(options: MemoryTaskStoreOptions = {}): TaskStore {
  const { maxTasks = 100_000, now = Date.now, wait = waitWithTimer } = options;
  if (!(maxTasks >= 1)) throw new TypeError("maxTasks: expected at least 1");
  const rows = new Map<string, Row>();
  const queue = new MemoryTaskQueue({ wait, read, replace });
  const local = new LocalTasks(queue);

  function find(taskId: string): Row | undefined {
    const row = rows.get(taskId);
    const isExpired = row !== undefined && row.expiresAt !== null && row.expiresAt <= now();
    return isExpired ? undefined : row;
  }

  function read(taskId: string): StoredTask | undefined {
    const row = find(taskId);
    if (row === undefined) return undefined;
    const { version, expiresAt, state } = row;
    return { taskId, version, expiresAt, state: JSON.parse(state) as JSONObject };
  }

  function write({ taskId, version, expiresAt, state }: StoredTask): void {
    rows.set(taskId, { version, expiresAt, state: JSON.stringify(state) });
  }

  function insert(task: StoredTask): void {
    if (rows.has(task.taskId))
      throw new TypeError(`create: the task ${task.taskId} already exists`);
    if (rows.size >= maxTasks && sweep(maxTasks) === 0) {
      throw new StoreUnavailableError(
        "memory",
        new Error(`the limit of ${maxTasks} tasks is reached`),
      );
    }
    write(task);
  }

  function replace(task: StoredTask): boolean {
    if (find(task.taskId)?.version !== task.version - 1) return false;
    write(task);
    return true;
  }

  function sweep(limit: number): number {
    let swept = 0;
    for (const taskId of rows.keys()) {
      if (swept >= limit) break;
      if (find(taskId) !== undefined) continue;
      rows.delete(taskId);
      queue.drop(taskId);
      swept += 1;
    }
    return swept;
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
    sweep: async (limit) => sweep(limit),
    close: () => local.close(),
  };
}
