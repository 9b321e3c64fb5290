/**
 * Follows tasks on behalf of clients that do not know what a task is: the call is sent on as if its
 * client had declared the extension, and answered when its task is over.
 *
 * @spec ext-tasks/tasks#backwards-compatibility, ext-tasks/tasks#task-polling
 */
import { abortError, delay, within } from "lutra/internal";
import {
  type ClientCapabilities,
  callTool,
  isObject,
  isProtocolError,
  type JSONRPCRequest,
  type Method,
  type Middleware,
  metaKeys,
  ProtocolError,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import {
  cancelTask,
  type DetailedTask,
  getTask,
  isCreateTaskResult,
  parseCreateTaskResult,
  type TaskInfo,
  tasksId,
} from "lutra/tasks";
import { UpstreamError } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { type Caller, ownContext, ownRequest } from "../merge/own-request.ts";

export interface FollowTasksOptions {
  /** Who is named where nobody else is known to have answered. */
  readonly upstream: string;
  /** How long a call may take with its task, in milliseconds. */
  readonly totalMs: number;
}

/** The pause where the upstream suggests none, and the shortest, in milliseconds. */
const defaultPollMs = 1000;
const shortestPollMs = 10;
/** How long the upstream has to hear that nobody waits any longer, in milliseconds. */
const cancelMs = 5000;

/** Answers calls of clients that did not declare the extension with what came of their tasks. */
export function followTasks(options: FollowTasksOptions): Middleware {
  return (next) => async (request, context) => {
    const declared = context.meta?.capabilities;
    if (request.method !== callTool.name || declared === undefined || knowsTasks(declared)) {
      return next(request, context);
    }
    const startedAt = performance.now();
    const caller = withTasks({ request, context }, declared);
    const result = await next(caller.request, caller.context);
    if (!isCreateTaskResult(result)) return result;
    const leftMs = options.totalMs - (performance.now() - startedAt);
    return new FollowedTask(next, caller, parseCreateTaskResult(result)).end(leftMs, options);
  };
}

function knowsTasks({ extensions = {} }: ClientCapabilities): boolean {
  return Object.hasOwn(extensions, tasksId);
}

/** The request as its client would send it if it knew the extension. */
function withTasks({ request, context }: Caller, declared: ClientCapabilities): Caller {
  const capabilities = { ...declared, extensions: { ...declared.extensions, [tasksId]: {} } };
  const sent = request.params?._meta;
  const _meta = { ...(isObject(sent) && sent), [metaKeys.clientCapabilities]: capabilities };
  return {
    request: { ...request, params: { ...request.params, _meta } } as JSONRPCRequest,
    context: { ...context, meta: context.meta && { ...context.meta, capabilities } },
  };
}

class FollowedTask {
  readonly #serve: Serve;
  readonly #caller: Caller;
  readonly #seed: TaskInfo;

  constructor(serve: Serve, caller: Caller, seed: TaskInfo) {
    this.#serve = serve;
    this.#caller = caller;
    this.#seed = seed;
  }

  /** What the call comes to. A task that is not waited for to its end is cancelled. */
  async end(ms: number, { upstream, totalMs }: FollowTasksOptions): Promise<Result> {
    const { context } = this.#caller;
    const name = recordOf(context)?.upstream ?? upstream;
    const message = `The task of this call took longer than ${totalMs} ms`;
    const tooLate = () => new UpstreamError("timeout", name, message);
    const bounds = { signal: context.signal, ms: Math.max(1, ms), tooLate };
    try {
      return resultOf(await within(bounds, (signal) => this.#poll(signal)));
    } catch (error) {
      if (!(error instanceof TaskEnd)) this.#cancel();
      if (context.signal.aborted) throw abortError(context.signal);
      throw error instanceof TaskEnd ? error.error : error;
    }
  }

  /** Asks at the pace that the upstream suggests, until nothing more is to come. */
  async #poll(signal: AbortSignal): Promise<DetailedTask> {
    let { pollIntervalMs = defaultPollMs } = this.#seed;
    for (;;) {
      await delay(Math.max(shortestPollMs, pollIntervalMs), signal);
      const task = await this.#look(signal);
      if (task === undefined) continue;
      if (task.status === "input_required") throw unanswerable();
      if (task.status !== "working") return task;
      pollIntervalMs = task.pollIntervalMs ?? defaultPollMs;
    }
  }

  /** The task; `undefined` while the upstream is out of order, which says nothing about it. */
  async #look(signal: AbortSignal): Promise<DetailedTask | undefined> {
    try {
      const result = await this.#ask(getTask, signal);
      return getTask.result(result) as DetailedTask;
    } catch (error) {
      if (signal.aborted) throw error;
      if (isProtocolError(error) && error.reason === "internalError") return undefined;
      if (!isProtocolError(error)) throw error;
      // It is not the client who asked for this task.
      throw new TaskEnd(new ProtocolError("internalError", "The task of this call is gone"));
    }
  }

  #cancel(): void {
    const signal = AbortSignal.timeout(cancelMs);
    // A task that can't be cancelled now ends by itself.
    this.#ask(cancelTask, signal).catch(() => {});
  }

  #ask({ name }: Method, signal: AbortSignal): Promise<Result> {
    const { taskId } = this.#seed;
    const context: RequestContext = ownContext(this.#caller, name, signal);
    return this.#serve(ownRequest(this.#caller, name, { taskId }), context);
  }
}

/** The task is over without a result, so there is nothing to cancel. */
class TaskEnd extends Error {
  override readonly name: string = "TaskEnd";
  readonly error: ProtocolError;

  constructor(error: ProtocolError) {
    super(error.message);
    this.error = error;
  }
}

/** Only a client that knows tasks can answer what one asks, so it hears how to become one. */
function unanswerable(): ProtocolError {
  const message =
    "The call was cancelled, since its task asks for input: only a client that declares " +
    `${tasksId} can answer`;
  const data = { requiredCapabilities: { extensions: { [tasksId]: {} } } };
  return new ProtocolError("missingRequiredClientCapability", message, { data });
}

function resultOf(task: DetailedTask): Result {
  if (task.status === "completed") return { ...task.result, resultType: "complete" };
  if (task.status === "failed") {
    const error = ProtocolError.fromWire(task.error);
    throw new TaskEnd(error ?? new ProtocolError("internalError", "Internal error"));
  }
  throw new TaskEnd(new ProtocolError("internalError", "The task of this call was cancelled"));
}
