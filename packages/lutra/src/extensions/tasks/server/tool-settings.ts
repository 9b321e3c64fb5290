/** The task settings of tools. */
import type { ToolDefinition } from "../../../server/tools.ts";

/**
 * Determines which calls of a tool become tasks:
 *
 * - `never`: none
 * - `optional`: those of clients that declare the extension
 * - `required`: all; clients that do not declare the extension are refused
 */
export type TaskSupport = "never" | "optional" | "required";

export interface ToolTaskOptions {
  /**
   * Time that a call runs within its request before it becomes a task, in milliseconds. Faster calls
   * are answered directly. With `Infinity`, only `context.startTask()` makes the call a task. Until
   * then, input requests are sent as the result of the call. @default 0, a task from the start
   */
  readonly promoteAfterMs?: number;
  /**
   * Time for which a task is kept after its creation, in milliseconds. @default that of `tasks()`
   */
  readonly ttlMs?: number | null;
  /** Suggested interval between a client's polls, in milliseconds. @default that of `tasks()` */
  readonly pollIntervalMs?: number;
  /** Maximum number of tasks of this tool that run at once in one process. @default Infinity */
  readonly concurrency?: number;
}

declare module "../../../server/tools.js" {
  interface ToolSettings {
    /** Determines which calls become tasks. Requires the extension `tasks()`. @default "never" */
    readonly task?: TaskSupport;
    /** Options for the tasks that calls of the tool become. */
    readonly taskOptions?: ToolTaskOptions;
  }
}

export interface TaskSettings extends ToolTaskOptions {
  readonly support: TaskSupport;
  readonly promoteAfterMs: number;
}

const supports: readonly unknown[] = ["never", "optional", "required"];

/**
 * Returns the settings of a tool with defaults.
 *
 * @throws {TypeError} for invalid settings
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

/** Requires an integer of at least 1. */
export function requireCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new TypeError(`${name}: expected an integer of at least 1`);
}
