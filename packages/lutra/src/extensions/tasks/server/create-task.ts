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
import { hasKey, keyedTaskId, requireSameCall } from "./keyed-task.ts";
import type { OpenTasks } from "./open-tasks.ts";
import type { HeldRecord, TaskInit, TaskRecord, TaskRecords } from "./records.ts";
import { callOf } from "./task-round.ts";
import { taskSettings } from "./tool-settings.ts";

/** Creates the task of a call. When a promise resolves, every replica can read the task. */
export interface TaskCreation {
  /** Resolves to the task that an earlier call with the same idempotency key has created. */
  readonly find: (call: ToolCall) => Promise<TaskRecord | undefined>;
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
  async function initOf(toolCall: ToolCall, memory: InputMemory) {
    const { definition, round } = toolCall;
    const { request, context } = round;
    const taskId = hasKey(toolCall) ? await keyedTaskId(toolCall) : undefined;
    const settings = taskSettings(definition);
    const ttlMs = ttlOf(settings, options);
    const pollIntervalMs = settings.pollIntervalMs ?? options.pollIntervalMs;
    const call = callOf(request, context);
    return { taskId, ttlMs, pollIntervalMs, call, memory } satisfies TaskInit;
  }

  async function find(call: ToolCall): Promise<TaskRecord | undefined> {
    const taskId = await keyedTaskId(call);
    const record = taskId === undefined ? undefined : await records.read(taskId);
    if (record !== undefined) requireSameCall(record, call);
    return record;
  }

  /** Creates a task. The same call may have created it at the same time. */
  async function create(call: ToolCall, memory: InputMemory): Promise<TaskRecord> {
    const init = await initOf(call, memory);
    try {
      return await records.create(init);
    } catch (error) {
      const created = init.taskId === undefined ? undefined : await find(call);
      if (created === undefined) throw error;
      return created;
    }
  }

  return {
    find,
    create: (call, memory) =>
      openTasks.add(call.round.context.principal, () => create(call, memory)),
    // Holds a copy, because the handler is already running and could change the objects.
    hold: (call, memory, statusMessage) =>
      openTasks.add(call.round.context.principal, async () =>
        records.hold(copyOfJSON({ ...(await initOf(call, memory)), statusMessage })),
      ),
  };
}

/** Returns the result of a request that has become a task. */
export function createTaskResult({ taskId, state }: TaskRecord): CreateTaskResult {
  return { resultType: taskResultType, ...taskInfo(taskId, state) };
}
