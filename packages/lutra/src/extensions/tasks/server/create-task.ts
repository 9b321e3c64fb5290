/**
 * Creates tasks from calls.
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
import type { HeldRecord, TaskInit, TaskRecord, TaskRecords } from "./records.ts";
import { callOf } from "./task-round.ts";
import { taskSettings } from "./tool-settings.ts";

/** Creates the task of a call. When a promise resolves, every replica can read the task. */
export interface TaskCreation {
  /** Creates a task for any worker. */
  readonly create: (call: ToolCall, memory: InputMemory) => Promise<TaskRecord>;
  /** Creates a task that this process runs as long as it lives. */
  readonly hold: (
    call: ToolCall,
    memory: InputMemory,
    statusMessage: string | undefined,
  ) => Promise<HeldRecord>;
}

export function taskCreation(
  records: TaskRecords,
  openTasks: OpenTasks,
  options: CompleteTasksOptions,
): TaskCreation {
  function initOf({ definition, round: { request, context } }: ToolCall, memory: InputMemory) {
    const settings = taskSettings(definition);
    const ttlMs = ttlOf(settings, options);
    const pollIntervalMs = settings.pollIntervalMs ?? options.pollIntervalMs;
    return { ttlMs, pollIntervalMs, call: callOf(request, context), memory } satisfies TaskInit;
  }

  return {
    create: (call, memory) =>
      openTasks.add(call.round.context.principal, () => records.create(initOf(call, memory))),
    // Holds a copy, because the handler is already running and could change the objects.
    hold: (call, memory, statusMessage) =>
      openTasks.add(call.round.context.principal, () =>
        records.hold(copyOfJSON({ ...initOf(call, memory), statusMessage })),
      ),
  };
}

/** Returns the result of a request that has become a task. */
export function createTaskResult({ taskId, state }: TaskRecord): CreateTaskResult {
  return { resultType: taskResultType, ...taskInfo(taskId, state) };
}
