/**
 * Tasks on a client: `callTool` follows a call that becomes a task to its result, and
 * `client.tasks` gives access to the task itself.
 *
 * @spec ext-tasks/tasks#capability-negotiation, ext-tasks/tasks#backwards-compatibility
 */
import type {
  ToolArguments,
  ToolContent,
  ToolName,
  TypedToolResult,
} from "../../../client/client-types.ts";
import type { ClientExtension, ClientHost, FollowedCall } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import type { InputResponses } from "../../../protocol/input-required.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import type { ServerTypes } from "../../../protocol/server-types.ts";
import type { CallToolResult } from "../../../protocol/tools.ts";
import type { CreateTaskResult, DetailedTask } from "../protocol.ts";
import {
  cancelTask,
  getTask,
  isCreateTaskResult,
  parseCreateTaskResult,
  taskCapableMethods,
  taskMethods,
  taskResultType,
  tasksId,
  tasksRevision,
  updateTask,
} from "../protocol.ts";
import { awaitTask } from "./await-task.ts";
import { watchTask } from "./observe-task.ts";

/** Identifies a task, so that another process can resume it. */
export interface TaskReference {
  readonly taskId: string;
  /** The tool that was called. */
  readonly tool: string;
  /** The name of the server that is shown to the user. */
  readonly server: string;
}

export interface FollowTasksOptions {
  /**
   * Called with every task before it is followed. Store the reference to `resume` the task in
   * another process. Anyone who knows the id may be able to read the task.
   */
  readonly onTask?: (task: TaskReference) => void | Promise<void>;
  /**
   * Called when the stored reference of a task can be deleted: the task has ended, was cancelled, or
   * can no longer be followed. It is not called for a task that was left by an abort or by closing
   * the client.
   */
  readonly forget?: (taskId: string) => void | Promise<void>;
  /** True to use the notifications of servers that send them. @default true */
  readonly notifications?: boolean;
  /** True to cancel the task of a call that is aborted. @default false */
  readonly cancelOnAbort?: boolean;
}

/** Options of a request about a task. */
export type TaskRequestOptions = Pick<RequestOptions, "signal" | "timeoutMs">;

export interface ResumeOptions extends TaskRequestOptions {
  /** The tool that was called. If it is known, its output schema checks the result. */
  readonly tool?: string | undefined;
}

/** A call that has been sent, with its task, if it became one, and its result. */
export interface StartedCall<R = CallToolResult> {
  /** Undefined if the server answered without a task. */
  readonly task: CreateTaskResult | undefined;
  /** Follows the task to its end and answers its input requests. */
  readonly result: (options?: TaskRequestOptions) => Promise<R>;
}

/** The remaining parameters: the arguments are optional if the tool requires none. */
type Rest<Arguments> =
  Record<never, never> extends Arguments
    ? [args?: Arguments | undefined, options?: RequestOptions]
    : [args: Arguments, options?: RequestOptions];

/** `client.tasks`: starts, observes and controls tasks. */
export interface ClientTasks<Types extends ServerTypes = ServerTypes> {
  /** Calls a tool and does not wait for the task that the call may become. */
  readonly start: <Name extends ToolName<Types>>(
    name: Name,
    ...rest: Rest<ToolArguments<Types, Name>>
  ) => Promise<StartedCall<TypedToolResult<ToolContent<Types, Name>>>>;
  /** Returns the current state of a task. */
  readonly get: (taskId: string, options?: TaskRequestOptions) => Promise<DetailedTask>;
  /** Answers input requests of a task, by the keys of its `inputRequests`. */
  readonly update: (
    taskId: string,
    inputResponses: InputResponses,
    options?: TaskRequestOptions,
  ) => Promise<void>;
  /** Asks the server to cancel a task. The task may still end with a result. */
  readonly cancel: (taskId: string, options?: TaskRequestOptions) => Promise<void>;
  /** Yields the task each time it changes, until it ends. Does not answer input requests. */
  readonly watch: (taskId: string, options?: TaskRequestOptions) => AsyncIterable<DetailedTask>;
  /** Follows a known task to its result, even if another process started it. */
  readonly resume: (taskId: string, options?: ResumeOptions) => Promise<CallToolResult>;
}

declare module "../../../client/client-types.js" {
  interface ClientMembers<Types extends ServerTypes> {
    /** Tasks. Only present on a client with the extension `followTasks()`. */
    readonly tasks: ClientTasks<Types>;
  }
}

/**
 * Creates the Tasks extension for a client. `callTool` then resolves to the final result, even if
 * the call becomes a task. It rejects with the `ProtocolError` of a failed task, and with a
 * `TaskError` if the task was cancelled or has expired. The client's handlers answer input requests.
 * Timeouts apply to single requests and not to tasks. A signal stops the wait, not the task.
 *
 * @example
 * ```ts
 * const client = createClient(url, { extensions: [followTasks()] });
 * const report = await client.callTool("report");
 * const { task, result } = await client.tasks.start("report");
 * ```
 */
export function followTasks(options: FollowTasksOptions = {}): ClientExtension {
  return {
    id: tasksId,
    stage: "stable",
    revision: tasksRevision,
    methods: taskMethods,
    resultTypes: { [taskResultType]: taskCapableMethods },
    install: (host) => {
      const tasks = clientTasks(host, options);
      return { members: { tasks: tasks.members }, follow: tasks.follow };
    },
  };
}

function clientTasks(host: ClientHost, init: FollowTasksOptions) {
  const { notifications = true, cancelOnAbort = false, onTask, forget } = init;

  /** Reports a new task to `onTask` before the task is used. */
  async function createdTask(tool: string, result: Result): Promise<CreateTaskResult> {
    const task = parseCreateTaskResult(result);
    await onTask?.({ taskId: task.taskId, tool, server: host.server });
    return task;
  }

  async function followToEnd(
    taskId: string,
    { tool, seed, ...options }: ResumeOptions & { readonly seed?: CreateTaskResult | undefined },
  ): Promise<CallToolResult> {
    const { signal } = options;
    let isResumable = false;
    const onLeft = () => {
      isResumable = signal?.aborted === true || host.isClosed();
      if (signal?.aborted && cancelOnAbort) void cancel(taskId).catch(warn);
    };
    try {
      return await awaitTask({ host, taskId, tool, seed, notifications, options, onLeft });
    } finally {
      if (!isResumable) await forget?.(taskId);
    }
  }

  const warn = (error: unknown) => host.options.onWarning("tasks: cancelling failed", error);

  async function cancel(taskId: string, options: TaskRequestOptions = {}): Promise<void> {
    await host.request(cancelTask, { taskId }, options);
    await forget?.(taskId);
  }

  async function start(
    name: string,
    args?: JSONObject,
    options: RequestOptions = {},
  ): Promise<StartedCall> {
    const answer = await host.callTool(name, args, options);
    if (!isCreateTaskResult(answer)) {
      await host.checkToolResult(name, answer, options);
      return { task: undefined, result: async () => answer };
    }
    const task = await createdTask(name, answer);
    const { taskId } = task;
    const result = (options: TaskRequestOptions = {}) =>
      followToEnd(taskId, { ...options, tool: name, seed: task });
    return { task, result };
  }

  const members = {
    start,
    get: async (taskId: string, options: TaskRequestOptions = {}) =>
      host.request(getTask, { taskId }, options),
    update: async (
      taskId: string,
      inputResponses: InputResponses,
      options?: TaskRequestOptions,
    ) => {
      await host.request(updateTask, { taskId, inputResponses }, options);
    },
    cancel,
    watch: (taskId: string, options: TaskRequestOptions = {}) =>
      watchTask(host, taskId, { ...options, notifications }),
    resume: (taskId: string, options: ResumeOptions = {}) => followToEnd(taskId, options),
  };
  return {
    members,
    follow: async (
      result: Result,
      { name, options: { signal, timeoutMs } }: FollowedCall,
    ): Promise<CallToolResult> => {
      const task = await createdTask(name, result);
      return followToEnd(task.taskId, { signal, timeoutMs, tool: name, seed: task });
    },
  };
}
