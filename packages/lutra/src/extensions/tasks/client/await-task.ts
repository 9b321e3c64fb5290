/**
 * Follows a task to the result of its call, and answers the input requests of the task.
 *
 * @spec ext-tasks/tasks#task-update-requests, ext-tasks/tasks#security-considerations
 */
import type { ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import type { InputRequests } from "../../../protocol/input-required.ts";
import { type CallToolResult, callTool } from "../../../protocol/tools.ts";
import type { InputRequiredTask, TaskInfo } from "../protocol.ts";
import { updateTask } from "../protocol.ts";
import { TaskError } from "../task-error.ts";
import { InputLedger } from "./input-ledger.ts";
import { observeTask } from "./observe-task.ts";
import { taskResult } from "./poll-task.ts";
import { retryTransient } from "./retry-transient.ts";

export interface AwaitInit {
  readonly host: ClientHost;
  readonly taskId: string;
  /** The name of the tool, if it is known. Its output schema is then applied to the result. */
  readonly tool?: string | undefined;
  readonly seed?: TaskInfo | undefined;
  readonly notifications: boolean;
  readonly options: Pick<RequestOptions, "signal" | "timeoutMs">;
  /** Called once when the wait ends before the task does. */
  readonly onLeft: () => void;
}

/** Resolves to the result of the call that became the task, or rejects with its error. */
export async function awaitTask(init: AwaitInit): Promise<CallToolResult> {
  const { host, taskId, tool, seed, notifications, options, onLeft } = init;
  const { polled, stop, close } = observeTask(host, taskId, { ...options, seed, notifications });
  const { signal } = polled;
  const ledger = new InputLedger(host.options.maxInputRequests);
  let round = 0;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    if (signal.aborted) return;
    failure = { error };
    stop(error);
  };
  const onInput = ({ inputRequests }: InputRequiredTask) => {
    round += 1;
    // Not awaited, because the task may end while a user is still answering.
    answerTask(init, ledger.take(inputRequests), { round, signal }).catch(fail);
  };
  try {
    const result = callTool.result(await taskResult(polled, { onInput, onLeft }));
    if (tool !== undefined) await host.checkToolResult(tool, result, options);
    return result;
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  } finally {
    // Ends handlers that are still running.
    stop(new TaskError("cancelled", taskId));
    close();
  }
}

/** Answers the requests that the client has a handler for. The others stay open. */
async function answerTask(
  { host, taskId, tool, options: { timeoutMs } }: AwaitInit,
  inputRequests: InputRequests,
  { round, signal }: { readonly round: number; readonly signal: AbortSignal },
): Promise<void> {
  const answerable: Record<string, InputRequests[string]> = {};
  for (const [key, request] of Object.entries(inputRequests)) {
    if (host.canAnswer(request)) answerable[key] = request;
    else host.options.onWarning(`tasks: no handler for ${request.method}, it stays unanswered`);
  }
  if (Object.keys(answerable).length === 0) return;
  const asked = { method: callTool.name, name: tool, round, signal };
  const inputResponses = await host.answer(answerable, asked);
  // Servers ignore a second answer to a key, so the request is safe to repeat.
  await retryTransient({ signal, random: host.options.random }, () =>
    host.request(updateTask, { taskId, inputResponses }, { signal, timeoutMs }),
  );
}
