/**
 * Makes tasks of calls.
 *
 * @spec ext-tasks/tasks#task-creation
 */
import { copyOfJSON } from "../../../protocol/json.ts";
import type { InputMemory } from "../../../server/handler/request-state.ts";
import type { ToolCall } from "../../../server/tool-call.ts";
import { type CompleteTasksOptions, ttlOf } from "../options.ts";
import type { CreateTaskResult } from "../protocol.ts";
import { taskResultType } from "../protocol.ts";
import { taskInfo } from "../state.ts";
import type { OpenTasks } from "./open-tasks.ts";
import type { TaskRecord, TaskRecords } from "./records.ts";
import { callOf } from "./run.ts";
import { taskSettings } from "./tool-settings.ts";

export interface CreationInit {
  readonly memory: InputMemory;
  /** Who runs it: any worker, or this process as long as it lives. */
  readonly order: "run" | "hold";
  readonly statusMessage?: string | undefined;
}

/** Creates the task of a call. When the promise resolves, every replica can read it. */
export type TaskCreation = (call: ToolCall, init: CreationInit) => Promise<TaskRecord>;

export function taskCreation(
  records: TaskRecords,
  openTasks: OpenTasks,
  options: CompleteTasksOptions,
): TaskCreation {
  return async ({ definition, round: { request, context } }, { memory, order, statusMessage }) => {
    const settings = taskSettings(definition);
    const reservation = await openTasks.reserve(context.principal);
    try {
      const ttlMs = ttlOf(settings, options);
      const pollIntervalMs = settings.pollIntervalMs ?? options.pollIntervalMs;
      const made = { call: callOf(request, context), memory };
      // What runs here already could change them later.
      const kept = order === "hold" ? copyOfJSON(made) : made;
      const task = { ttlMs, pollIntervalMs, statusMessage, ...kept };
      const record = await records.create(task, order);
      reservation.take(record.taskId);
      return record;
    } catch (error) {
      reservation.cancel();
      throw error;
    }
  };
}

/** The answer to a request that has become a task. */
export function createTaskResult({ taskId, state }: TaskRecord): CreateTaskResult {
  return { resultType: taskResultType, ...taskInfo(taskId, state) };
}
