/**
 * Tasks on the wire: the result that names a task in progress, and the methods to follow it.
 *
 * @spec ext-tasks/tasks#tasks, ext-tasks/tasks#polymorphic-results
 */
import { invalidParams } from "../../protocol/errors.ts";
import type { InputRequests } from "../../protocol/input-required.ts";
import { parseInputRequired } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { Result } from "../../protocol/json-rpc.ts";
import type { Method } from "../../protocol/method.ts";
import { defineMethod, malformed, optionalObject, requireString } from "../../protocol/method.ts";
import { callTool } from "../../protocol/tools.ts";

/** @spec ext-tasks/tasks#extension-identifier */
export const tasksId = "io.modelcontextprotocol/tasks";

/** The version of the text of the extension that this package implements. */
export const tasksRevision = "2026-07-28";

/** The `resultType` of a result that names a task. */
export const taskResultType = "task";

/** @spec ext-tasks/tasks#task-status-notifications */
/**
 * The member of `_meta` that contains the idempotency key of a call. Servers on this package return
 * the same task for each call of a caller with the same key; others ignore it.
 */
export const idempotencyKeyMember = "lutra/idempotencyKey";

export const taskNotificationMethod = "notifications/tasks";

/** The filter member of `subscriptions/listen` for tasks. */
export const taskFilterMember = "taskIds";

const taskStatuses = ["working", "input_required", "completed", "failed", "cancelled"] as const;

/** @spec ext-tasks/tasks#task-status */
export type TaskStatus = (typeof taskStatuses)[number];

/** The fields of all views of a task. */
export interface TaskInfo {
  readonly taskId: string;
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Time from the task's creation until it may be deleted, in milliseconds; `null` for never. */
  readonly ttlMs: number | null;
  /** Suggested interval between polls, in milliseconds. */
  readonly pollIntervalMs?: number;
}

export interface WorkingTask extends TaskInfo {
  readonly status: "working";
}

export interface InputRequiredTask extends TaskInfo {
  readonly status: "input_required";
  /** The open requests by key. Keys are never reused. */
  readonly inputRequests: InputRequests;
}

export interface CompletedTask extends TaskInfo {
  readonly status: "completed";
  /** The result of the original request. It may have `isError`. */
  readonly result: JSONObject;
}

export interface FailedTask extends TaskInfo {
  readonly status: "failed";
  /** The JSON-RPC error of the original request. */
  readonly error: JSONObject & { readonly code: number; readonly message: string };
}

export interface CancelledTask extends TaskInfo {
  readonly status: "cancelled";
}

/** A snapshot of a task, with the fields of its status. */
export type DetailedTask =
  | WorkingTask
  | InputRequiredTask
  | CompletedTask
  | FailedTask
  | CancelledTask;

/** The result of a request that has become a task. */
export interface CreateTaskResult extends Result, TaskInfo {
  readonly resultType: "task";
  readonly status: TaskStatus;
}

export type GetTaskResult = Result & DetailedTask;

export interface TaskParams {
  readonly taskId: string;
}

export interface UpdateTaskParams extends TaskParams {
  readonly inputResponses: JSONObject;
}

/** @spec ext-tasks/tasks#task-polling, ext-tasks/tasks#streamable-http-routing-headers */
export const getTask: Method<TaskParams, GetTaskResult> = defineMethod({
  name: "tasks/get",
  params: parseTaskParams,
  result: (result) => ({ ...result, ...parseTask(result) }),
  nameField: "taskId",
  safe: true,
});

/** @spec ext-tasks/tasks#task-update-requests */
export const updateTask: Method<UpdateTaskParams> = defineMethod({
  name: "tasks/update",
  params: (params) => {
    const inputResponses = optionalObject(params, "inputResponses");
    if (inputResponses === undefined) {
      throw invalidParams("params.inputResponses: expected an object");
    }
    return { ...parseTaskParams(params), inputResponses };
  },
  result: (result) => result,
  nameField: "taskId",
  // Servers ignore a second answer to a key.
  safe: true,
});

/** @spec ext-tasks/tasks#task-cancellation */
export const cancelTask: Method<TaskParams> = defineMethod({
  name: "tasks/cancel",
  params: parseTaskParams,
  result: (result) => result,
  nameField: "taskId",
  safe: true,
});

export const taskMethods: readonly Method[] = Object.freeze([getTask, updateTask, cancelTask]);

/** The methods whose requests may become tasks. */
export const taskCapableMethods: readonly Method[] = Object.freeze([callTool]);

/** True for a result that names a task. */
export function isCreateTaskResult(result: Result): result is CreateTaskResult {
  return result.resultType === taskResultType;
}

/** True for a status that never changes. */
export function isTerminal(status: TaskStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/**
 * Parses the result that names a new task.
 *
 * @throws {TransportError} `malformed`
 */
export function parseCreateTaskResult(result: Result): CreateTaskResult {
  requireTaskInfo(result);
  return result as CreateTaskResult;
}

/**
 * Parses a task with the fields of its status.
 *
 * @throws {TransportError} `malformed`
 */
export function parseTask(value: JSONObject): DetailedTask {
  requireTaskInfo(value);
  const { status, result, error } = value;
  if (status === "input_required") {
    const { inputRequests } = parseInputRequired({ ...value, resultType: status });
    if (inputRequests === undefined) throw malformed("task.inputRequests: expected an object");
  }
  if (status === "completed" && !isObject(result))
    throw malformed("task.result: expected an object");
  if (status === "failed" && !(isObject(error) && Number.isInteger(error.code))) {
    throw malformed("task.error: expected a JSON-RPC error");
  }
  return value as unknown as DetailedTask;
}

function parseTaskParams(params: JSONObject): TaskParams {
  return { taskId: requireString(params, "taskId") };
}

function requireTaskInfo(value: JSONObject): void {
  const { taskId, status, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs } = value;
  if (typeof taskId !== "string" || taskId === "")
    throw malformed("task.taskId: expected a string");
  if (!taskStatuses.some((known) => known === status)) {
    throw malformed(`task.status: ${JSON.stringify(status)} is not known`);
  }
  if (statusMessage !== undefined && typeof statusMessage !== "string") {
    throw malformed("task.statusMessage: expected a string");
  }
  for (const [name, time] of Object.entries({ createdAt, lastUpdatedAt })) {
    if (typeof time !== "string" || Number.isNaN(Date.parse(time))) {
      throw malformed(`task.${name}: expected a time in ISO 8601`);
    }
  }
  if (ttlMs !== null && !isDuration(ttlMs))
    throw malformed("task.ttlMs: expected an integer or null");
  if (pollIntervalMs !== undefined && !isDuration(pollIntervalMs)) {
    throw malformed("task.pollIntervalMs: expected an integer");
  }
}

function isDuration(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
