/**
 * The interface of a store for tasks. A store keeps rows, and hands out tasks to run. It does not
 * know the rules of tasks.
 */
import type { JSONObject } from "../protocol/json.ts";

/** A task as a store keeps it. */
export interface StoredTask {
  readonly taskId: string;
  /** Starts at 1 and grows by one with every change. */
  readonly version: number;
  /** Time from which the task may be deleted, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
  /** All other fields, as JSON. Stores do not read it. */
  readonly state: JSONObject;
}

/** The schedule that `create` and `replace` set in the same transaction as the change. */
export interface TaskOrder {
  /**
   * - `run`: a worker in any process runs the task
   * - `drop`: no worker runs the task
   *
   * Without one, the schedule stays as it is.
   */
  readonly order?: "run" | "drop" | undefined;
  /** Time after which an ordered task runs, in milliseconds. Only for the end of an attempt. @default 0 */
  readonly afterMs?: number | undefined;
  /** True for a change that later attempts do not repeat. Resets `lostAttempts`, as an order does. */
  readonly isProgress?: boolean | undefined;
}

/** The schedule that the end of an attempt sets. */
export type AttemptOrder = Pick<TaskOrder, "order" | "afterMs">;

/**
 * One attempt to run a task. Each write through it carries the number of its claim. Once another
 * attempt may have begun, writes are refused: they reject, and change nothing.
 */
export interface TakenTask {
  /** The task at the start of the attempt. */
  readonly task: StoredTask;
  /**
   * Number of attempts in a row that were lost because their process died. Any orderly end of an
   * attempt resets it: completion, rejection, or release by a closing worker. So do progress and a
   * new order. A store that ends with its process never counts.
   */
  readonly lostAttempts: number;
  /** Number of attempts in a row before this one that `run` rejected. A new order resets it. */
  readonly rejections: number;
  /**
   * Replaces the task as `TaskStore.replace` does, without an order.
   *
   * @throws {TransportError} when the attempt no longer owns the task
   */
  readonly replace: (task: StoredTask, change?: Pick<TaskOrder, "isProgress">) => Promise<boolean>;
  /**
   * Replaces the task and ends the attempt, in one transaction. The default order is `drop`. Must be
   * the last write of an attempt, because another one may begin at once.
   *
   * @throws {TransportError} when the attempt no longer owns the task
   */
  readonly end: (task: StoredTask, order?: AttemptOrder) => Promise<boolean>;
  /**
   * Call it before each effect of the attempt. Asks the store when the process may have been paused
   * since its last news of the task.
   *
   * @throws {TransportError} when the attempt no longer owns the task, and a `StoreUnavailableError`
   */
  readonly confirm: () => void | Promise<void>;
  /**
   * Calls `listener` once when another process may have taken the task; at once if that is already
   * so. Returns a function that removes the listener.
   */
  readonly onLost: (listener: (reason: unknown) => void) => () => void;
}

/** An attempt that the caller runs itself, outside of any worker. */
export interface HeldTask extends TakenTask {
  /** Ends the attempt. A worker runs the task if that is still ordered. Does nothing after `end`. */
  readonly release: () => Promise<void>;
}

export interface TaskWorkerOptions {
  /** Maximum number of tasks that run at once in this worker. */
  readonly concurrency: number;
  /**
   * Tasks with at least so many `lostAttempts` run one at a time in each process, so that a task that
   * kills its process can't take the same others with it every time. @default Infinity
   */
  readonly isolateFrom?: number | undefined;
  /**
   * Runs a task. Resolves when nothing is left to do for now. After a rejection, the task runs again
   * after a growing pause. As far as the store can tell, one process at a time runs a task.
   */
  readonly run: (taken: TakenTask) => Promise<void>;
  /** Called with errors of the store and of `run`. */
  readonly onError: (error: unknown) => void;
}

export interface TaskWorker {
  /**
   * Stops taking tasks and waits up to `graceMs` for running ones. Then releases the rest, so that
   * other workers take them at once.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/** A task with its schedule, for operators. */
export interface ListedTask {
  /** The state is undefined if it is larger than the store reads for a list. */
  readonly task: Omit<StoredTask, "state"> & { readonly state: JSONObject | undefined };
  /** Number of attempts so far. */
  readonly attempts: number;
  /** Number of attempts in a row that were lost because their process died. */
  readonly lostAttempts: number;
  /** Number of attempts in a row that `run` rejected. */
  readonly rejections: number;
  /** True while an attempt owns the task. */
  readonly isRunning: boolean;
}

/**
 * Keeps tasks and schedules them. Implement it over a database to survive restarts and to share
 * tasks between replicas.
 *
 * Methods reject with a `StoreUnavailableError` while the store is unreachable. Acknowledged changes
 * are never lost.
 */
export interface TaskStore {
  /** True when replicas in other processes see the same tasks. */
  readonly isShared: boolean;
  /** Adds a task of version 1. When the promise resolves, every replica can read it. */
  readonly create: (task: StoredTask, order: TaskOrder) => Promise<void>;
  /**
   * Adds a task of version 1 that the caller runs itself. If this process dies or closes the store,
   * a worker takes over.
   */
  readonly hold: (task: StoredTask) => Promise<HeldTask>;
  /** Returns the task; `undefined` when it is unknown or has expired. */
  readonly get: (taskId: string) => Promise<StoredTask | undefined>;
  /**
   * Replaces the previous version of a task. Resolves to false, and changes nothing, when the store
   * holds another version.
   */
  readonly replace: (task: StoredTask, order?: TaskOrder) => Promise<boolean>;
  /**
   * Starts a worker for scheduled tasks. Tasks that have run or been ordered before take precedence;
   * within both groups, the earliest due time does. If the process of an attempt dies, the task runs
   * again within 15 seconds.
   */
  readonly work: (options: TaskWorkerOptions) => TaskWorker;
  /**
   * Returns up to `limit` tasks that have not expired, for operators. Those that were scheduled last are
   * first. Absent for a store that can't list its tasks.
   */
  readonly list?: ((limit: number) => Promise<readonly ListedTask[]>) | undefined;
  /**
   * Deletes up to `limit` expired tasks, perhaps some minutes after their expiry. Resolves to the
   * number of deleted tasks.
   */
  readonly sweep: (limit: number) => Promise<number>;
  /** Releases the tasks that this process runs, and frees connections. Close workers first. */
  readonly close: () => Promise<void>;
}
