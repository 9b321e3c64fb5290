/**
 * Follows tasks on behalf of clients that did not declare the Tasks extension: the gateway declares it
 * for them, waits for the task, and answers the call with the result of the task.
 *
 * @spec ext-tasks/tasks#backwards-compatibility, ext-tasks/tasks#task-polling
 */

import {
  isTransient,
  type PolledTask,
  taskCapableMethods,
  taskResult,
  within,
} from "lutra/internal";
import {
  type ClientCapabilities,
  isObject,
  isProtocolError,
  type JSONRPCRequest,
  type Method,
  type Middleware,
  metaKeys,
  ProtocolError,
  type Result,
  type Serve,
} from "lutra/protocol";
import {
  type CreateTaskResult,
  cancelTask,
  getTask,
  isCreateTaskResult,
  isTaskError,
  parseCreateTaskResult,
  TaskError,
  tasksId,
} from "lutra/tasks";
import { UpstreamError } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { ownContext, ownRequest, type ReceivedRequest } from "../merge/own-request.ts";

export interface FollowTasksOptions {
  /** The name of the upstream in errors, if the record of the exchange has none. */
  readonly upstream: string;
  /** Maximum time for a call including its task, in milliseconds. */
  readonly totalMs: number;
}

/** Maximum time for `tasks/cancel` of a task that is no longer waited for, in milliseconds. */
const cancelMs = 5000;

const capable: ReadonlySet<string> = new Set(taskCapableMethods.map(({ name }) => name));

/** Returns true if a request of this method may be answered with a task. */
export function mayBecomeTask(method: string | undefined): boolean {
  return method !== undefined && capable.has(method);
}

/** Answers calls with the results of their tasks, for clients that did not declare the extension. */
export function followTasks(options: FollowTasksOptions): Middleware {
  return (next) => async (request, context) => {
    const declared = context.meta?.capabilities;
    if (!mayBecomeTask(request.method) || declared === undefined || declaresTasks(declared)) {
      return next(request, context);
    }
    const startedAt = performance.now();
    const call = withTasks({ request, context }, declared);
    const answer = await next(call.request, call.context);
    if (!isCreateTaskResult(answer)) return answer;
    const task = parseCreateTaskResult(answer);
    const leftMs = options.totalMs - (performance.now() - startedAt);
    const { signal } = context;
    const tooLate = () => lateError(call, options);
    try {
      return await within({ signal, ms: Math.max(1, leftMs), tooLate }, (signal) =>
        follow(task, { call, serve: next, signal }),
      );
    } catch (error) {
      throw isTaskError(error) ? lostTask(error) : error;
    }
  };
}

function declaresTasks({ extensions = {} }: ClientCapabilities): boolean {
  return Object.hasOwn(extensions, tasksId);
}

/** Returns the request as its client would send it if it had declared the extension. */
function withTasks(
  { request, context }: ReceivedRequest,
  declared: ClientCapabilities,
): ReceivedRequest {
  const capabilities = { ...declared, extensions: { ...declared.extensions, [tasksId]: {} } };
  const sent = request.params?._meta;
  const _meta = { ...(isObject(sent) && sent), [metaKeys.clientCapabilities]: capabilities };
  return {
    request: { ...request, params: { ...request.params, _meta } } as JSONRPCRequest,
    context: { ...context, meta: context.meta && { ...context.meta, capabilities } },
  };
}

interface CallWithTask {
  readonly call: ReceivedRequest;
  readonly serve: Serve;
  readonly signal: AbortSignal;
}

async function follow(
  seed: CreateTaskResult,
  { call, serve, signal }: CallWithTask,
): Promise<Result> {
  const { taskId } = seed;
  const send = ({ name }: Method, signal: AbortSignal) =>
    serve(ownRequest(call, name, { taskId }), ownContext(call, name, signal));
  const task: PolledTask = {
    taskId,
    seed,
    signal,
    now: () => performance.now(),
    random: Math.random,
    // A client gives up after several failures in a row. Here the total time of the call is limited
    // instead, so that a task survives any shorter outage of its upstream.
    maxFailures: Number.POSITIVE_INFINITY,
    get: async (signal) => {
      try {
        return getTask.result(await send(getTask, signal));
      } catch (error) {
        if (!isProtocolError(error) || isTransient(error)) throw error;
        // The client did not send this request, so it could not interpret the error of the request.
        throw new TaskError("expired", taskId);
      }
    },
  };
  const result = await taskResult(task, {
    onInput: () => {
      throw unanswerable();
    },
    // Only the gateway knows the task, so only the gateway can cancel it. If that fails, the task ends
    // by itself.
    onLeft: () => void send(cancelTask, AbortSignal.timeout(cancelMs)).catch(() => {}),
  });
  return { ...result, resultType: "complete" };
}

function lateError({ context }: ReceivedRequest, { upstream, totalMs }: FollowTasksOptions) {
  const name = recordOf(context)?.upstream ?? upstream;
  return new UpstreamError("timeout", name, `The call and its task took longer than ${totalMs} ms`);
}

function lostTask({ reason }: TaskError): ProtocolError {
  const end = reason === "expired" ? "no longer exists" : "was cancelled";
  return new ProtocolError("internalError", `The task of this call ${end}`);
}

/** Only a client that declares the extension can answer, so the error names the requirement. */
function unanswerable(): ProtocolError {
  const message =
    "The call was cancelled because its task asks for input, which requires a client that " +
    `declares ${tasksId}`;
  const data = { requiredCapabilities: { extensions: { [tasksId]: {} } } };
  return new ProtocolError("missingRequiredClientCapability", message, { data });
}
