/** The options of `tasks()`, completed once. */
import type { TaskStore } from "../../stores/task-store.ts";
import { requireCount, type TaskSettings } from "./server/tool-settings.ts";

export interface TasksOptions {
  /**
   * Where tasks live. Replicas need one that they share. @default what `server.share` brings, else
   * the memory of this process
   */
  readonly store?: TaskStore;
  /** How long after its creation a task is kept, in milliseconds; `null` for ever. @default 3600000 */
  readonly ttlMs?: number | null;
  /** The longest time that any tool may ask for, in milliseconds. @default 86400000 */
  readonly maxTtlMs?: number;
  /** How often clients are to ask for a task, in milliseconds. @default 1000 */
  readonly pollIntervalMs?: number;
  /** How many tasks run at once in one process. @default 16 */
  readonly concurrency?: number;
  /**
   * How many tasks of one principal may be open that one process has created; all callers without
   * a principal are one. More are refused with the status 429. @default 1000
   */
  readonly maxOpenTasks?: number;
  /**
   * How many runs of a task may be lost with their process, one after the other, before the task
   * fails. A run is not lost that ends in order, and none counts any longer when a step is kept or a
   * question answered. `Infinity` for as many as there are until the task expires. @default 12
   */
  readonly maxLostRuns?: number;
  /** How often expired tasks are swept out of the store, in milliseconds. @default 60000 */
  readonly sweepIntervalMs?: number;
  /** How many tasks one subscription may name. @default 1000 */
  readonly maxSubscribedTasks?: number;
  /** How long running tasks have when the server closes, in milliseconds. @default 5000 */
  readonly closeGraceMs?: number;
}

export type CompleteTasksOptions = Required<Omit<TasksOptions, "store">> &
  Pick<TasksOptions, "store">;

/**
 * Enough that bad luck is not taken for a task that kills. Where replicas are killed so fast that 35
 * of 100 runs are lost before their next step is kept, as in `bench/chaos/tasks-kills.ts`, five are
 * lost in a row at one step in 180, and twelve at one in 250,000.
 */
const defaultMaxLostRuns = 12;

/**
 * Fills the defaults in.
 *
 * @throws {TypeError} for nonsense
 */
export function withDefaults(options: TasksOptions): CompleteTasksOptions {
  const complete = {
    ttlMs: 3_600_000,
    maxTtlMs: 86_400_000,
    pollIntervalMs: 1000,
    concurrency: 16,
    maxOpenTasks: 1000,
    maxLostRuns: defaultMaxLostRuns,
    sweepIntervalMs: 60_000,
    maxSubscribedTasks: 1000,
    closeGraceMs: 5000,
    ...options,
  };
  const { store, ttlMs, closeGraceMs, maxTtlMs, maxLostRuns, ...counts } = complete;
  for (const [name, value] of Object.entries(counts)) requireCount(`tasks: ${name}`, value);
  if (ttlMs !== null) requireCount("tasks: ttlMs", ttlMs);
  if (maxTtlMs !== Number.POSITIVE_INFINITY) requireCount("tasks: maxTtlMs", maxTtlMs);
  if (maxLostRuns !== Number.POSITIVE_INFINITY) requireCount("tasks: maxLostRuns", maxLostRuns);
  if (!(closeGraceMs >= 0)) throw new TypeError("tasks: closeGraceMs: expected 0 or more");
  return complete;
}

/** How long a task of a tool is kept: what the tool says, but no longer than allowed. */
export function ttlOf({ ttlMs }: TaskSettings, options: CompleteTasksOptions): number | null {
  const wanted = ttlMs === undefined ? options.ttlMs : ttlMs;
  const { maxTtlMs } = options;
  if (wanted !== null) return Math.min(wanted, maxTtlMs);
  return maxTtlMs === Number.POSITIVE_INFINITY ? null : maxTtlMs;
}
