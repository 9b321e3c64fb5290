/** What a tool says about tasks. */
import type { ToolDefinition } from "../../../server/tools.ts";

/**
 * Whether calls of a tool become tasks:
 *
 * - `never`: it always answers at once
 * - `optional`: for clients that can follow a task; for others it answers at once
 * - `required`: clients that can't follow a task are refused
 */
export type TaskSupport = "never" | "optional" | "required";

export interface ToolTaskOptions {
  /**
   * How long a call runs within its request before it becomes a task, in milliseconds; one that is
   * faster is answered as ever. With `Infinity` only `context.startTask()` makes it one. What the
   * handler asks meanwhile, it asks in the call itself. @default 0, a task from the start
   */
  readonly promoteAfterMs?: number;
  /** How long after its creation a task is kept, in milliseconds. @default that of `tasks()` */
  readonly ttlMs?: number | null;
  /** How often clients are to ask for it, in milliseconds. @default that of `tasks()` */
  readonly pollIntervalMs?: number;
  /** How many tasks of this tool run at once in one process. @default no limit of its own */
  readonly concurrency?: number;
}

declare module "../../../server/tools.js" {
  interface ToolSettings {
    /** Whether calls become tasks, on a server with the extension `tasks()`. @default "never" */
    readonly task?: TaskSupport;
    /** How they do. */
    readonly taskOptions?: ToolTaskOptions;
  }
}

export interface TaskSettings extends ToolTaskOptions {
  readonly support: TaskSupport;
  readonly promoteAfterMs: number;
}

const supports: readonly unknown[] = ["never", "optional", "required"];

/**
 * The settings of one tool, completed.
 *
 * @throws {TypeError} for nonsense
 */
export function taskSettings(definition: ToolDefinition): TaskSettings {
  const known = completed.get(definition);
  if (known !== undefined) return known;
  const settings = complete(definition);
  completed.set(definition, settings);
  return settings;
}

const completed = new WeakMap<ToolDefinition, TaskSettings>();

function complete({ task = "never", taskOptions = {} }: ToolDefinition): TaskSettings {
  if (!supports.includes(task)) throw new TypeError(`task: expected one of ${supports.join(", ")}`);
  const { promoteAfterMs = 0, ttlMs, pollIntervalMs, concurrency } = taskOptions;
  if (!(promoteAfterMs >= 0)) throw new TypeError("taskOptions.promoteAfterMs: expected 0 or more");
  if (ttlMs !== undefined && ttlMs !== null) requireCount("taskOptions.ttlMs", ttlMs);
  if (pollIntervalMs !== undefined) requireCount("taskOptions.pollIntervalMs", pollIntervalMs);
  if (concurrency !== undefined) requireCount("taskOptions.concurrency", concurrency);
  return { ...taskOptions, support: task, promoteAfterMs };
}

/** Durations travel as integers, and nothing is kept for no time at all. */
export function requireCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new TypeError(`${name}: expected an integer of at least 1`);
}
