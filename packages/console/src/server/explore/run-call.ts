/** Sends the calls of the page. */
import { type Client, isProtocolError, isTransportError, type RequestOptions } from "lutra/client";
import { isObject } from "lutra/protocol";
import { isTaskError } from "lutra/tasks";
import type { Run, RunError, RunKind, Runs } from "./runs.ts";

/** The requests of the kinds of calls. */
const requests: {
  readonly [kind in RunKind]: (
    client: Client,
    run: Run,
    options: RequestOptions,
  ) => Promise<unknown>;
} = {
  tool: (client, { name, args }, options) => client.callTool(name, args, options),
  prompt: (client, { name, args }, options) =>
    client.getPrompt(name, args as { readonly [name: string]: string }, options),
  resource: (client, { name }, options) => client.readResource(name, options),
  task: (client, { name }, options) => client.tasks.resume(name, options),
};

/** Returns true for the name of a kind. */
export function isRunKind(value: unknown): value is RunKind {
  return typeof value === "string" && Object.hasOwn(requests, value);
}

/** Sends a call, and records its progress and its outcome. */
export async function sendCall(
  client: Client,
  run: Run,
  { runs, signal }: { readonly runs: Runs; readonly signal: AbortSignal },
): Promise<void> {
  const { id, kind } = run;
  try {
    const result = await requests[kind](client, run, {
      signal,
      onProgress: (progress) => runs.update(id, { progress }),
      onLog: ({ level, logger, data }) =>
        runs.log(id, { level, data, ...(logger !== undefined && { logger }) }),
    });
    const isError = isObject(result) && result.isError === true;
    runs.update(id, { state: "done", endedAt: Date.now(), result, ...(isError && { isError }) });
  } catch (error) {
    const isCancelled = signal.aborted || (isTaskError(error) && error.reason === "cancelled");
    const state = isCancelled ? "cancelled" : "failed";
    runs.update(id, { state, endedAt: Date.now(), error: errorOf(error) });
  }
}

/** Returns the parts of an error that help the user of the page. */
function errorOf(error: unknown): RunError {
  if (isProtocolError(error)) {
    const { message, code, data } = error;
    const isInternal = error.reason === "internalError";
    return {
      message,
      code,
      ...(data !== undefined && { data }),
      ...(isInternal && { isInternal }),
    };
  }
  if (isTransportError(error) || isTaskError(error)) {
    return { message: withCause(error), reason: error.reason };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** Maximum number of causes that a message contains. */
const maxCauses = 4;

/** Returns the message with those of its causes, such as "fetch failed: connect ECONNREFUSED". */
function withCause(error: Error): string {
  let { cause, message } = error;
  for (let count = 0; cause instanceof Error && count < maxCauses; count += 1) {
    // An error for several addresses has a code, but no message.
    const text = cause.message || String((cause as { readonly code?: unknown }).code ?? "");
    if (!message.includes(text)) message = `${message}: ${text}`;
    cause = cause.cause;
  }
  return message;
}

/** The text of an error, for parts of the page that show one line. */
export function messageOf(error: unknown): string {
  return errorOf(error).message;
}
