/** The options of `tasks()` and their defaults. */
import type { TaskStore } from "../../stores/task-store.ts";
import { requireCount, type TaskSettings } from "./server/tool-settings.ts";

export interface TasksOptions {
  /**
   * The store of tasks. Replicas need a shared store. @default the store that `server.share`
   * provides, or else the memory of this process
   */
  readonly store?: TaskStore;
  /** Time for which tasks are kept, in milliseconds; `null` for `maxTtlMs`. @default 3600000 */
  readonly ttlMs?: number | null;
  /** Maximum `ttlMs` of any tool, in milliseconds. @default 86400000 */
  readonly maxTtlMs?: number;
  /** Suggested interval between a client's polls of a task, in milliseconds. @default 1000 */
  readonly pollIntervalMs?: number;
  /** Maximum number of tasks that run at once in one process. @default 16 */
  readonly concurrency?: number;
  /**
   * Maximum number of open tasks that one process has created for one principal. All callers
   * without a principal count as one. Further tasks are refused with status 429. @default 1000
   */
  readonly maxOpenTasks?: number;
  /**
   * Maximum number of consecutive attempts that are lost because their process died, before the task
   * fails. An attempt that ends normally, a recorded step or an answer resets the count. `Infinity`
   * for no limit. @default 12
   */
  readonly maxLostAttempts?: number;
  /** Interval between deletions of expired tasks, in milliseconds. @default 60000 */
  readonly sweepIntervalMs?: number;
  /** Maximum number of tasks in one subscription. @default 1000 */
  readonly maxSubscribedTasks?: number;
  /**
   * Maximum time for running tasks to end when the server closes, in milliseconds. @default 5000
   */
  readonly closeGraceMs?: number;
}

export type CompleteTasksOptions = Required<Omit<TasksOptions, "store">> &
  Pick<TasksOptions, "store">;

/**
 * High enough that a task seldom fails by chance. If a third of the attempts at a step are lost, as
 * in `bench/results/chaos-tasks.md`, one step in 250 loses five attempts in a row, and one step in
 * 550,000 loses twelve.
 */
const defaultMaxLostAttempts = 12;

/**
 * Returns the options with defaults.
 *
 * @throws {TypeError} for invalid options
 */
export function withDefaults(options: TasksOptions): CompleteTasksOptions {
  const complete = {
    ttlMs: 3_600_000,
    maxTtlMs: 86_400_000,
    pollIntervalMs: 1000,
    concurrency: 16,
    maxOpenTasks: 1000,
    maxLostAttempts: defaultMaxLostAttempts,
    sweepIntervalMs: 60_000,
    maxSubscribedTasks: 1000,
    closeGraceMs: 5000,
    ...options,
  };
  const { store, ttlMs, closeGraceMs, maxTtlMs, maxLostAttempts, ...counts } = complete;
  for (const [name, value] of Object.entries(counts)) requireCount(`tasks: ${name}`, value);
  if (ttlMs !== null) requireCount("tasks: ttlMs", ttlMs);
  if (maxTtlMs !== Number.POSITIVE_INFINITY) requireCount("tasks: maxTtlMs", maxTtlMs);
  if (maxLostAttempts !== Number.POSITIVE_INFINITY)
    requireCount("tasks: maxLostAttempts", maxLostAttempts);
  if (!(closeGraceMs >= 0)) throw new TypeError("tasks: closeGraceMs: expected 0 or more");
  return complete;
}

/** Returns the `ttlMs` of a task: its tool's or the default, at most `maxTtlMs`. */
export function ttlOf({ ttlMs }: TaskSettings, options: CompleteTasksOptions): number | null {
  const wanted = ttlMs === undefined ? options.ttlMs : ttlMs;
  const { maxTtlMs } = options;
  if (wanted !== null) return Math.min(wanted, maxTtlMs);
  return maxTtlMs === Number.POSITIVE_INFINITY ? null : maxTtlMs;
}
