/**
 * One request and its result: its id, its deadline, its notifications, and giving it up.
 *
 * @spec basic/patterns/cancellation, basic/patterns/progress
 */

import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { readLogMessage } from "../protocol/logging.ts";
import { readProgress } from "../protocol/progress.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { abortError } from "../time/abort.ts";
import { Deadline, type Timeouts } from "../time/deadline.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestMetaSource } from "./request-meta.ts";
import type { RequestOptions } from "./request-options.ts";

/** What all requests of one client have in common. */
export interface Exchanges {
  readonly options: CompleteOptions;
  readonly serve: Serve;
  readonly meta: RequestMetaSource;
  /** A request id that this client has not used. */
  readonly nextId: () => number;
  /** What is in flight: how to end each of it. */
  readonly open: Set<(error: TransportError) => void>;
  readonly isClosed: () => boolean;
}

export interface OneRequest {
  readonly method: string;
  readonly params: JSONObject;
  readonly options: RequestOptions;
  readonly addHeaders: RequestContext["addHeaders"];
}

const ignore = () => {};

/** Sends one request. The promise settles at the latest when the deadline has passed. */
export function exchange(exchanges: Exchanges, one: OneRequest): Promise<Result> {
  const { options } = one;
  const { signal } = options;
  if (exchanges.isClosed()) return Promise.reject(closedError());
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const finish = () => {
      deadline.stop();
      exchanges.open.delete(stop);
      signal?.removeEventListener("abort", onAbort);
    };
    const stop = (error: TransportError) => {
      finish();
      reject(error);
      controller.abort(error);
    };
    const onAbort = () => stop(abortError(signal as AbortSignal));
    const deadline = new Deadline(timeoutsOf(exchanges, options), stop);
    exchanges.open.add(stop);
    signal?.addEventListener("abort", onAbort);
    const request = requestOf(exchanges, one);
    const context = {
      signal: controller.signal,
      notify: listener(exchanges, { request, options, deadline }),
      addHeaders: one.addHeaders,
    };
    exchanges.serve(request, context).then(
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

/** Builds a request with an id and the metadata that every request carries. */
export function requestOf(
  { meta, nextId }: Pick<Exchanges, "meta" | "nextId">,
  { method, params, options }: Omit<OneRequest, "addHeaders">,
): JSONRPCRequest {
  const id = nextId();
  return { jsonrpc: "2.0", id, method, params: { ...params, _meta: meta.metaOf(id, options) } };
}

/** The error of everything that meets a closed client. */
export function closedError(): TransportError {
  return new TransportError("closed", "The client was closed");
}

interface Listening {
  readonly request: JSONRPCRequest;
  readonly options: RequestOptions;
  readonly deadline: Deadline;
}

/** What hands notifications to the caller. What its functions throw is no failure of the request. */
function listener(
  { options: { onWarning } }: Exchanges,
  { request, options: { onProgress, onLog }, deadline }: Listening,
): RequestContext["notify"] {
  if (onProgress === undefined && onLog === undefined) return ignore;
  return (notification) => {
    if (deadline.isStopped) return;
    const progress = readProgress(notification, request.id);
    if (progress !== undefined) deadline.extend();
    const message = onLog && readLogMessage(notification);
    try {
      if (progress !== undefined) onProgress?.(progress);
      if (message !== undefined) onLog?.(message);
    } catch (thrown) {
      onWarning(`${request.method}: a listener failed`, thrown);
    }
  };
}

function timeoutsOf({ options }: Exchanges, one: RequestOptions): Timeouts {
  return {
    timeoutMs: one.timeoutMs ?? options.timeoutMs,
    maxTimeoutMs: one.maxTimeoutMs ?? options.maxTimeoutMs,
  };
}
