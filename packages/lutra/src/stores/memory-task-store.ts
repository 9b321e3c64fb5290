/** Tasks in the memory of one process: they end with it. */
import type { JSONObject } from "../protocol/json.ts";
import { MemoryTaskQueue, type Timer, waitWithTimer } from "./memory-task-queue.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";
import type { StoredTask, TakenTask, TaskOrder, TaskStore } from "./task-store.ts";

export interface MemoryTaskStoreOptions {
  /** How many tasks are kept; one beyond that is refused with a 503. @default 100000 */
  readonly maxTasks?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /**
   * Waits, for pauses between tries and for the end of a worker; ends early when the signal aborts.
   * @default setTimeout
   */
  readonly wait?: Timer;
}

interface Kept {
  readonly version: number;
  readonly expiresAt: number | null;
  /** JSON, so that nobody can change what another one reads. */
  readonly state: string;
}

/** Makes a store in the memory of one process. */
export function createMemoryTaskStore(options: MemoryTaskStoreOptions = {}): TaskStore {
  const { maxTasks = 100_000, now = Date.now, wait = waitWithTimer } = options;
  if (!(maxTasks >= 1)) throw new TypeError("maxTasks: expected at least 1");
  const tasks = new Map<string, Kept>();
  const queue = new MemoryTaskQueue({ wait, take });

  function find(taskId: string): Kept | undefined {
    const kept = tasks.get(taskId);
    if (kept === undefined || (kept.expiresAt !== null && kept.expiresAt <= now()))
      return undefined;
    return kept;
  }

  function keep({ taskId, version, expiresAt, state }: StoredTask, { order }: TaskOrder): void {
    tasks.set(taskId, { version, expiresAt, state: JSON.stringify(state) });
    if (order !== undefined) queue.order(taskId, order, version === 1);
  }

  function read(taskId: string): StoredTask | undefined {
    const kept = find(taskId);
    if (kept === undefined) return undefined;
    const { version, expiresAt, state } = kept;
    return { taskId, version, expiresAt, state: JSON.parse(state) as JSONObject };
  }

  function replace(task: StoredTask, order: TaskOrder): boolean {
    if (find(task.taskId)?.version !== task.version - 1) return false;
    keep(task, order);
    return true;
  }

  function take(taskId: string): TakenTask | undefined {
    const task = read(taskId);
    return task && { task, lostRuns: 0, replaceLast };
  }

  async function replaceLast(task: StoredTask): Promise<boolean> {
    return replace(task, { order: "drop" });
  }

  function sweep(limit: number): number {
    let swept = 0;
    for (const taskId of tasks.keys()) {
      if (swept >= limit) break;
      if (find(taskId) !== undefined) continue;
      tasks.delete(taskId);
      queue.order(taskId, "drop");
      swept += 1;
    }
    return swept;
  }

  return {
    isShared: false,
    create: async (task, order) => {
      if (tasks.has(task.taskId)) throw new TypeError(`create: the task ${task.taskId} exists`);
      if (tasks.size >= maxTasks && sweep(maxTasks) === 0) {
        throw new StoreUnavailableError("memory", new Error(`it keeps ${maxTasks} tasks already`));
      }
      keep(task, order);
    },
    get: async (taskId) => read(taskId),
    replace: async (task, order = {}) => replace(task, order),
    work: (worker) => queue.work(worker),
    sweep: async (limit) => sweep(limit),
    close: async () => {},
  };
}
