/**
 * Follows a task to the result of its call, and answers what it asks on the way.
 *
 * @spec ext-tasks/tasks#task-update-requests, ext-tasks/tasks#security-considerations
 */
import type { ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import { ProtocolError } from "../../../protocol/errors.ts";
import type { InputRequests } from "../../../protocol/input-required.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";
import { type CallToolResult, callTool } from "../../../protocol/tools.ts";
import { isTransportError, TransportError } from "../../../protocol/transport-error.ts";
import type { DetailedTask, TaskInfo } from "../protocol.ts";
import { updateTask } from "../protocol.ts";
import { TaskError } from "../task-error.ts";
import { InputLedger } from "./input-ledger.ts";
import { observeTask, untilGivenUp } from "./observe-task.ts";
import { untilPassed } from "./passing.ts";

export interface FollowInit {
  readonly host: ClientHost;
  readonly taskId: string;
  /** The name of the tool, where it is known: its output schema then checks the result. */
  readonly tool?: string | undefined;
  readonly seed?: TaskInfo | undefined;
  readonly notifications: boolean;
  readonly options: Pick<RequestOptions, "signal" | "timeoutMs">;
}

/** Resolves to what the call would have been answered with; rejects as it would have. */
export async function followTask(init: FollowInit): Promise<CallToolResult> {
  const { host, taskId, seed, notifications, options } = init;
  const stop = new AbortController();
  const ledger = new InputLedger();
  const unlink = untilGivenUp(host, stop, options.signal);
  let round = 0;
  let failed = false;
  const fail = (error: unknown) => {
    failed = true;
    stop.abort(error);
  };
  try {
    const { signal } = stop;
    const { timeoutMs } = options;
    for await (const task of observeTask(host, taskId, {
      seed,
      signal,
      timeoutMs,
      notifications,
    })) {
      if (task.status === "input_required") {
        round += 1;
        // A task may end while a user still thinks, so this does not wait.
        answerTask(init, ledger.take(task.inputRequests), { round, signal }).catch(fail);
      } else if (task.status !== "working") {
        return await resultOf(task, init);
      }
    }
    throw malformed("task: ended without a terminal status");
  } catch (error) {
    if (failed) throw stop.signal.reason;
    throw options.signal?.aborted ? abortedError(options.signal) : error;
  } finally {
    unlink();
    stop.abort(new TaskError("cancelled", taskId));
  }
}

function abortedError({ reason }: AbortSignal): TransportError {
  if (isTransportError(reason)) return reason;
  return new TransportError("aborted", "The task was no longer waited for", { cause: reason });
}

/** What no handler can answer stays open, for whoever can. */
async function answerTask(
  { host, taskId, tool, options: { timeoutMs } }: FollowInit,
  inputRequests: InputRequests,
  { round, signal }: { readonly round: number; readonly signal: AbortSignal },
): Promise<void> {
  const wanted: Record<string, InputRequests[string]> = {};
  for (const [key, request] of Object.entries(inputRequests)) {
    if (host.canAnswer(request)) wanted[key] = request;
    else host.options.onWarning(`tasks: nobody answers ${request.method}`);
  }
  if (Object.keys(wanted).length === 0) return;
  const asked = { method: callTool.name, name: tool, round, signal };
  const inputResponses = await host.answer(wanted, asked);
  // A server ignores what was answered before, so an answer whose fate is unknown may go twice.
  await untilPassed(host, signal, () =>
    host.request(updateTask, { taskId, inputResponses }, { signal, timeoutMs }),
  );
}

async function resultOf(
  task: Exclude<DetailedTask, { readonly status: "working" | "input_required" }>,
  { host, taskId, tool, options }: FollowInit,
): Promise<CallToolResult> {
  if (task.status === "cancelled") throw new TaskError("cancelled", taskId, task.statusMessage);
  if (task.status === "failed") {
    throw ProtocolError.fromWire(task.error) ?? malformed("task.error: expected a JSON-RPC error");
  }
  const result = callTool.result(task.result as JSONObject);
  if (tool !== undefined) await host.checkToolResult(tool, result, options);
  return result;
}
