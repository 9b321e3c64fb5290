/**
 * Sends requests. Every method of a client goes through these steps:
 *
 * 1. `send` sends the request, and answers `input_required` results until another result arrives.
 * 2. `exchange` sends it once: with an id, `_meta`, a deadline and listeners for notifications.
 * 3. `sender.serve` passes it through the middleware of `create-sender.ts` to the transport.
 * 4. `checked` validates the type and the members of each result.
 *
 * @spec basic/index#resulttype, basic/patterns/mrtr
 * @spec basic/patterns/cancellation, basic/patterns/progress
 */
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import { inputRequired } from "../protocol/input-required.ts";
import { isolate } from "../protocol/isolate.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { readLogMessage } from "../protocol/logging.ts";
import { type Method, malformed, nameOf } from "../protocol/method.ts";
import type { OpenSet } from "../protocol/open-entries.ts";
import { readProgress } from "../protocol/progress.ts";
import { isTransportError, TransportError } from "../protocol/transport-error.ts";
import { abortError } from "../time/abort.ts";
import { Deadline, timeoutError } from "../time/deadline.ts";
import { TimeBudget } from "../time/time-budget.ts";
import { answerInputs, isInputRequired } from "./input-required.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestMetaSource } from "./request-meta.ts";
import type { InputOptions, RequestOptions } from "./request-options.ts";

/** The parts of a client that all its requests share. */
export interface Sender {
  readonly options: CompleteOptions;
  /** The middleware of `create-sender.ts` and the transport. */
  readonly serve: Serve;
  readonly meta: RequestMetaSource;
  /** Returns a request id that this client has not used. */
  readonly nextId: () => number;
  /** For each request and subscription in flight, the function that ends it. */
  readonly open: OpenSet<(error: TransportError) => void>;
  readonly isClosed: () => boolean;
  /** Ends a call that a legacy server keeps open while it waits for input. */
  readonly abandon: ((requestState: string) => void) | undefined;
  /** The address or command of the server, to be shown to the user. */
  readonly server: string;
  /** By method, the result types that the client's extensions add. */
  readonly resultTypes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The options of one request, and the time that is left of the call to which it belongs. */
export interface CallOptions extends InputOptions {
  readonly budget?: TimeBudget | undefined;
}

export interface Call<Params = unknown, R extends Result = Result> {
  readonly method: Method<Params, R>;
  readonly params: JSONObject;
  readonly options: CallOptions;
  readonly addHeaders?: RequestContext["addHeaders"];
}

/** Returns the time that all requests of a call may take together. */
export function budgetOf({ options }: Sender, { budget, maxTimeoutMs }: CallOptions): TimeBudget {
  return budget ?? new TimeBudget(maxTimeoutMs ?? options.maxTimeoutMs);
}

export const noOptions: InputOptions = Object.freeze({});

const ignore = () => {};

/**
 * Sends a request, answers the server's input requests, and returns the checked result. Results
 * of types other than `complete` are returned as they are: those of extensions, and
 * `input_required` when the caller answers.
 *
 * @throws {ProtocolError} the error that the server answered with
 * @throws {TransportError} when there is no usable answer
 */
export async function send<R extends Result>(sender: Sender, call: Call<unknown, R>): Promise<R> {
  const { method, params, options } = call;
  const budget = budgetOf(sender, options);
  const { signal } = options;
  const sendOnce = async (sent: JSONObject): Promise<Result> => {
    const work = () => exchange(sender, call, { params: sent, budget });
    const { auth } = sender.options;
    const answered = auth?.afterSignIn(work, { signal, open: sender.open }) ?? work();
    return checked(sender, method, await answered);
  };
  const result = await sendOnce(withAnswers(params, options));
  if (!isInputRequired(result) || options.inputs === "manual") return result as R;
  const name = nameOf(method, params);
  const { abandon } = sender;
  const asking = { method: method.name, name, params, signal, budget, retry: sendOnce, abandon };
  return (await answerInputs(sender, asking, result)) as R;
}

/** Adds the caller's answers to an earlier `input_required` result. */
function withAnswers(params: JSONObject, options: InputOptions): JSONObject {
  const { inputResponses, requestState } = options;
  if (inputResponses === undefined && requestState === undefined) return params;
  return {
    ...params,
    ...(inputResponses !== undefined && { inputResponses }),
    ...(requestState !== undefined && { requestState }),
  };
}

/** The parameters of one of a call's requests, and the time that is left for it. */
interface Sent {
  readonly params: JSONObject;
  readonly budget: TimeBudget;
}

/** Sends one request. The promise settles no later than its deadline. */
function exchange(sender: Sender, call: Call, { params, budget }: Sent): Promise<Result> {
  const { options, addHeaders } = call;
  const { signal, timeoutMs = sender.options.timeoutMs } = options;
  if (sender.isClosed()) return Promise.reject(closedError());
  if (signal?.aborted) return Promise.reject(abortError(signal));
  if (budget.leftMs <= 0)
    return Promise.reject(timeoutError(budget.totalMs, placeOf(sender, call)));
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const finish = () => {
      budget.add(deadline.stop());
      sender.open.delete(entry);
      signal?.removeEventListener("abort", onAbort);
    };
    const stop = (error: TransportError) => {
      finish();
      reject(error);
      controller.abort(error);
    };
    const onAbort = () => stop(abortError(signal as AbortSignal));
    const { totalMs: maxTimeoutMs, spentMs } = budget;
    const deadline = new Deadline({ timeoutMs, maxTimeoutMs, spentMs }, (ms) =>
      stop(timeoutError(ms, placeOf(sender, call))),
    );
    const entry = sender.open.add(stop);
    signal?.addEventListener("abort", onAbort);
    const request = requestOf(sender, { method: call.method.name, params, options });
    const notify = listenerOf(sender, { request, options, deadline });
    const context = { signal: controller.signal, notify, addHeaders, call: budget };
    sender.serve(request, context).then(
      (result) => {
        finish();
        resolve(result);
      },
      (error) => {
        finish();
        reject(error);
      },
    );
  });
}

/** Returns the server and the method of a call, for messages. */
function placeOf({ server }: Sender, { method }: Pick<Call, "method">): string {
  return `${server}: ${method.name}`;
}

export interface SentRequest {
  readonly method: string;
  readonly params: JSONObject;
  readonly options: RequestOptions;
}

/** Creates a request with an id and the metadata that every request carries. */
export function requestOf(
  { meta, nextId }: Pick<Sender, "meta" | "nextId">,
  { method, params, options }: SentRequest,
): JSONRPCRequest {
  const id = nextId();
  return { jsonrpc: "2.0", id, method, params: { ...params, _meta: meta.metaOf(id, options) } };
}

interface Listening {
  readonly request: JSONRPCRequest;
  readonly options: RequestOptions;
  readonly deadline: Deadline;
}

/**
 * Passes notifications to the caller's listeners. An error that they throw does not fail the
 * request.
 */
function listenerOf(
  { options: { onWarning } }: Sender,
  { request, options: { onProgress, onLog }, deadline }: Listening,
): RequestContext["notify"] {
  if (onProgress === undefined && onLog === undefined) return ignore;
  const failed = (thrown: unknown) => onWarning(`${request.method}: a listener failed`, thrown);
  const reportProgress = isolate(onProgress ?? ignore, failed);
  const reportLog = isolate(onLog ?? ignore, failed);
  return (notification) => {
    if (deadline.isStopped) return;
    const progress = readProgress(notification, request.id);
    if (progress !== undefined) deadline.extend();
    const message = onLog && readLogMessage(notification);
    if (progress !== undefined) reportProgress(progress);
    if (message !== undefined) reportLog(message);
  };
}

function checked(sender: Sender, method: Method, result: Result): Result {
  if (isComplete(result)) return parsed(sender, method, result);
  const { resultType = "complete" } = result;
  const isAllowed =
    resultType === inputRequired
      ? method.inputRequired
      : sender.resultTypes.get(method.name)?.has(resultType);
  if (isAllowed) return result;
  throw malformed(`${placeOf(sender, { method })} can't end in ${JSON.stringify(resultType)}`);
}

function parsed(sender: Sender, method: Method, result: Result): Result {
  try {
    return method.result(result);
  } catch (error) {
    if (!isTransportError(error)) throw error;
    throw malformed(`${placeOf(sender, { method })}: ${error.message}`);
  }
}

/** Returns true for a result of the type `complete`, which is also the default. */
export function isComplete({ resultType }: Result): boolean {
  return resultType === undefined || resultType === "complete";
}

/** The error of requests on a closed client. */
export function closedError(): TransportError {
  return new TransportError("closed", "The client was closed");
}
