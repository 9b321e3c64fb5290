/**
 * Tasks on a client: calls that become tasks are followed to their result, and whoever wants the
 * task itself gets that.
 *
 * @spec ext-tasks/tasks#capability-negotiation, ext-tasks/tasks#backwards-compatibility
 */
import type {
  ToolArguments,
  ToolContent,
  ToolName,
  TypedToolResult,
} from "../../../client/client-types.ts";
import type { ClientExtension, ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import type { InputResponses } from "../../../protocol/input-required.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import type { ServerTypes } from "../../../protocol/server-types.ts";
import { type CallToolResult, callTool } from "../../../protocol/tools.ts";
import type { CreateTaskResult, DetailedTask } from "../protocol.ts";
import {
  cancelTask,
  getTask,
  isCreateTaskResult,
  parseCreateTaskResult,
  taskMethods,
  taskResultType,
  tasksId,
  updateTask,
} from "../protocol.ts";
import { followTask } from "./await-task.ts";
import { watchTask } from "./observe-task.ts";

/** What to keep of a task, so that another process can go on with it. */
export interface TaskReference {
  readonly taskId: string;
  /** The tool that was called. */
  readonly tool: string;
  /** The server, as the client calls it in front of the user. */
  readonly server: string;
}

export interface FollowTasksOptions {
  /**
   * Hears of every task before it is followed: keep what it is given, and a later process can
   * `resume` the task. Anyone who knows the id may be able to read the task.
   */
  readonly onTask?: (task: TaskReference) => void | Promise<void>;
  /** Hears of a task that need not be kept any longer: it is over, or nobody wants it. */
  readonly forget?: (taskId: string) => void | Promise<void>;
  /** Whether the server's notifications are used where it sends them. @default true */
  readonly notifications?: boolean;
  /** Whether a call that is aborted also cancels its task. @default false */
  readonly cancelOnAbort?: boolean;
}

/** Options of following a task. */
export type TaskRequestOptions = Pick<RequestOptions, "signal" | "timeoutMs">;

export interface ResumeOptions extends TaskRequestOptions {
  /** The tool that was called: its output schema then checks the result. */
  readonly tool?: string | undefined;
}

/** A call that has been sent: its task, where it has become one, and its result. */
export interface StartedCall<R = CallToolResult> {
  /** Absent where the server answered at once. */
  readonly task: CreateTaskResult | undefined;
  /** Follows the task to its end, and answers what it asks. */
  readonly result: (options?: TaskRequestOptions) => Promise<R>;
}

/** The arguments may be left out where none is required. */
type Rest<Arguments> =
  Record<never, never> extends Arguments
    ? [args?: Arguments | undefined, options?: RequestOptions]
    : [args: Arguments, options?: RequestOptions];

/** `client.tasks`: tasks for those who want more of them than a result. */
export interface ClientTasks<Types extends ServerTypes = ServerTypes> {
  /** Calls a tool without waiting for the task that the call may have become. */
  readonly start: <Name extends ToolName<Types>>(
    name: Name,
    ...rest: Rest<ToolArguments<Types, Name>>
  ) => Promise<StartedCall<TypedToolResult<ToolContent<Types, Name>>>>;
  readonly get: (taskId: string, options?: TaskRequestOptions) => Promise<DetailedTask>;
  /** Answers what a task asks. The keys are those of its `inputRequests`. */
  readonly update: (
    taskId: string,
    inputResponses: InputResponses,
    options?: TaskRequestOptions,
  ) => Promise<void>;
  /** Asks the server to give a task up. It may end otherwise all the same. */
  readonly cancel: (taskId: string, options?: TaskRequestOptions) => Promise<void>;
  /** The task each time that it has changed, to its end. It answers nothing that the task asks. */
  readonly watch: (taskId: string, options?: TaskRequestOptions) => AsyncIterable<DetailedTask>;
  /** Follows a task of earlier, perhaps of another process, to its result. */
  readonly resume: (taskId: string, options?: ResumeOptions) => Promise<CallToolResult>;
}

declare module "../../../client/client-types.js" {
  interface ClientMembers<Types extends ServerTypes> {
    /** Tasks; there only on a client that was made with the extension `followTasks()`. */
    readonly tasks: ClientTasks<Types>;
  }
}

/**
 * The Tasks extension for a client. `callTool` gives the final result, however long it takes; a
 * task that failed rejects with its `ProtocolError`, one that was cancelled with a `TaskError`. What
 * a task asks is answered by the client's handlers. Timeouts hold for single requests, not for tasks;
 * a signal stops the waiting, not the task.
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
    methods: taskMethods,
    resultTypes: { [taskResultType]: [callTool] },
    install: (host) => {
      const tasks = clientTasks(host, options);
      return { members: { tasks: tasks.members }, follow: tasks.follow };
    },
  };
}

function clientTasks(host: ClientHost, init: FollowTasksOptions) {
  const { notifications = true, cancelOnAbort = false, onTask, forget } = init;

  /** The task that a result stands for; whoever keeps ids has it before anything else happens. */
  async function taskOf(tool: string, result: Result): Promise<CreateTaskResult | undefined> {
    if (!isCreateTaskResult(result)) return undefined;
    const task = parseCreateTaskResult(result);
    await onTask?.({ taskId: task.taskId, tool, server: host.server });
    return task;
  }

  async function followToEnd(
    taskId: string,
    { tool, seed, ...options }: ResumeOptions & { readonly seed?: CreateTaskResult | undefined },
  ): Promise<CallToolResult> {
    const { signal } = options;
    try {
      const result = await followTask({ host, taskId, tool, seed, notifications, options });
      await forget?.(taskId);
      return result;
    } catch (error) {
      const isGivenUp = signal?.aborted || host.isClosed();
      if (signal?.aborted && cancelOnAbort) void cancel(taskId).catch(warn);
      else if (!isGivenUp) await forget?.(taskId);
      throw error;
    }
  }

  const warn = (error: unknown) => host.options.onWarning("tasks: not cancelled", error);

  async function cancel(taskId: string, options: TaskRequestOptions = {}): Promise<void> {
    await host.request(cancelTask, { taskId }, options);
    await forget?.(taskId);
  }

  async function start(
    name: string,
    args?: JSONObject,
    options: RequestOptions = {},
  ): Promise<StartedCall> {
    const first = await host.callTool(name, args, options);
    const task = await taskOf(name, first);
    if (task === undefined) await host.checkToolResult(name, first, options);
    return {
      task,
      result: async (options = {}) =>
        task ? followToEnd(task.taskId, { ...options, tool: name, seed: task }) : first,
    };
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
      { name, options }: { readonly name: string; readonly options: RequestOptions },
    ): Promise<CallToolResult> => {
      const task = (await taskOf(name, result)) as CreateTaskResult;
      const { signal, timeoutMs } = options;
      return followToEnd(task.taskId, { signal, timeoutMs, tool: name, seed: task });
    },
  };
}
