/**
 * Where tasks live, and who runs them. A store keeps what it is given and hands out work; the rules
 * of tasks are not its matter.
 */
import type { JSONObject } from "../protocol/json.ts";

/** A task as it is kept. */
export interface StoredTask {
  readonly taskId: string;
  /** Grows by one with every change, from 1. */
  readonly version: number;
  /** When it may be forgotten, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
  /** Everything else: JSON that only the owner of the store's caller reads. */
  readonly state: JSONObject;
}

/** What `create` and `replace` may order along with the change: both happen, or neither does. */
export interface TaskOrder {
  /**
   * - `run`: a worker, here or elsewhere, is to run the task
   * - `hold`: the caller runs it itself; only if this process dies is it handed to a worker
   * - `drop`: nobody is to run it any longer
   *
   * Without one, what was ordered before goes on.
   */
  readonly order?: "run" | "hold" | "drop" | undefined;
  /** The change is one that a run need not make again: lost runs are counted anew, as by an order. */
  readonly isProgress?: boolean | undefined;
}

/** What a store may give a run along with the task that it took, to save a look and a note. */
export interface TakenTask {
  /** The task as it was when the run took it. */
  readonly task: StoredTask;
  /**
   * How many runs of the task, one after the other, were lost with their process, or with that of
   * whoever held it. A run that ends in order, be it because its worker closes or because it is
   * rejected, makes it zero, as does an order or progress. A store that ends with its process never
   * counts.
   */
  readonly lostRuns: number;
  /**
   * As `replace` with the order `drop`, and the end of the run along with it: both happen, or
   * neither does. It must be the last thing that a run does, since another one may begin at once.
   */
  readonly replaceLast: (task: StoredTask) => Promise<boolean>;
}

export interface TaskWorkerOptions {
  /** How many tasks run here at once. */
  readonly concurrency: number;
  /**
   * A task that has lost so many runs is not run beside another such in one process, so that one
   * that ends its processes does not go on taking the same others with it. @default none
   */
  readonly apartFrom?: number | undefined;
  /**
   * Runs a task; resolves when nothing is left to do for now. A run that rejects is tried again,
   * after pauses that grow. At most one process runs a task at a time, as far as the store can tell:
   * `signal` aborts when another may have taken over. A store need not give `taken`.
   */
  readonly run: (taskId: string, signal: AbortSignal, taken?: TakenTask) => Promise<void>;
  /** Hears what went wrong in the store and in runs. */
  readonly onError: (error: unknown) => void;
}

export interface TaskWorker {
  /**
   * Takes no more work and waits `graceMs` for what runs; then lets go of it, so that another worker
   * takes it at once.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/**
 * Keeps tasks and the orders to run them. Implement it over a database to survive a restart and to
 * share tasks between replicas.
 *
 * A method rejects with a `StoreUnavailableError` while the store can't be reached. What it
 * acknowledged before is not lost.
 */
export interface TaskStore {
  /** Whether replicas on other processes see the same tasks. */
  readonly isShared: boolean;
  /** Adds a task of version 1. When the promise resolves, every replica can read it. */
  readonly create: (task: StoredTask, order: TaskOrder) => Promise<void>;
  /** The task; `undefined` when there is none, or it has expired. */
  readonly get: (taskId: string) => Promise<StoredTask | undefined>;
  /**
   * Puts `task` in the place of its version before. Resolves to false, and changes nothing, when
   * that is no longer the one that is kept.
   */
  readonly replace: (task: StoredTask, order?: TaskOrder) => Promise<boolean>;
  /**
   * Runs what is ordered: first the tasks that were run or ordered before, since somebody is in the
   * middle of them, and of each kind those first that became due first. A task whose process died
   * is run again within 15 seconds.
   */
  readonly work: (options: TaskWorkerOptions) => TaskWorker;
  /** Forgets tasks that have expired, at most `limit`; resolves to how many. */
  readonly sweep: (limit: number) => Promise<number>;
  /** Lets go of what this process runs and holds, and frees connections. Close workers before. */
  readonly close: () => Promise<void>;
}
