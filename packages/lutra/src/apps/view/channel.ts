/**
 * JSON-RPC over `postMessage` between a view and the window of its host. Both sides send requests.
 *
 * @spec ext-apps/apps#transport-layer
 */
import { invalidParams, ProtocolError } from "../../protocol/errors.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { RequestId } from "../../protocol/json-rpc.ts";
import { malformed } from "../../protocol/method.ts";
import type { Progress } from "../../protocol/progress.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import type { AppNotification, AppRequest } from "../protocol/app-method.ts";
import { type AppMessage, readAppMessage } from "../protocol/messages.ts";
import { cancelled, progressed } from "../protocol/server-messages.ts";

/** The options of one request. */
export interface RequestOptions {
  /** Aborts the request and notifies the host. The promise rejects with the reason `aborted`. */
  readonly signal?: AbortSignal;
  /** Called with the progress that the server reports. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A request that the channel answers. */
export type Answer = (params: JSONObject, signal: AbortSignal) => unknown;

export interface ChannelInit {
  /** The functions that answer requests, by method. */
  readonly requests: { readonly [method: string]: Answer | undefined };
  /** The functions that receive notifications, by method. */
  readonly notifications: { readonly [method: string]: (params: JSONObject) => void };
  readonly onError: (error: unknown) => void;
}

interface Pending {
  readonly request: Pick<AppRequest, "name" | "result">;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Sends messages to one window, and receives only the messages of that window. */
export class Channel {
  readonly #host: Window;
  readonly #init: ChannelInit;
  readonly #pending = new Map<RequestId, Pending>();
  /** The requests of the host that are being answered. */
  readonly #answering = new Map<RequestId, AbortController>();
  #lastId = 0;
  #isClosed = false;

  constructor(host: Window, init: ChannelInit) {
    this.#host = host;
    this.#init = init;
    addEventListener("message", this.#receive);
  }

  /** Sends a request and resolves to its checked result. */
  request<Params extends object, Result extends object>(
    request: AppRequest<Params, Result>,
    params: Params,
    { signal, onProgress }: RequestOptions = {},
  ): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const meta = onProgress && { _meta: { progressToken: id } };
    const sent = new Promise<Result>((resolve, reject) => {
      if (signal?.aborted) throw aborted(signal);
      if (this.#isClosed) throw closed();
      this.#post({ id, method: request.name, params: { ...params, ...meta } });
      this.#pending.set(id, { request, resolve, reject, onProgress });
    });
    if (signal === undefined) return sent;
    const abort = () => this.#abort(id, aborted(signal));
    signal.addEventListener("abort", abort);
    return sent.finally(() => signal.removeEventListener("abort", abort));
  }

  /** Sends a notification. */
  notify<Params extends object>({ name }: AppNotification<Params>, params: Params): void {
    this.#post({ method: name, params });
  }

  /** Stops listening. Requests without a response reject. */
  close(): void {
    removeEventListener("message", this.#receive);
    for (const controller of this.#answering.values()) controller.abort();
    for (const { reject } of this.#pending.values()) reject(closed());
    this.#pending.clear();
    this.#isClosed = true;
  }

  #abort(requestId: RequestId, error: TransportError): void {
    const pending = this.#pending.get(requestId);
    if (!this.#pending.delete(requestId)) return;
    this.notify(cancelled, { requestId });
    pending?.reject(error);
  }

  readonly #receive = ({ source, data }: MessageEvent): void => {
    // Frames of other origins, and the page's own scripts, can also post messages to this window.
    if (source !== this.#host) return;
    const message = readAppMessage(data);
    if (message === undefined) return;
    try {
      this.#take(message);
    } catch (error) {
      this.#init.onError(error);
    }
  };

  #take(message: AppMessage): void {
    if (message.kind === "request") this.#answer(message).catch(this.#init.onError);
    else if (message.kind === "notification") this.#notified(message);
    else this.#settle(message);
  }

  #notified({ method, params }: { readonly method: string; readonly params: JSONObject }): void {
    if (method === cancelled.name) this.#answering.get(params.requestId as RequestId)?.abort();
    else if (method === progressed.name) this.#progressed(params);
    else this.#init.notifications[method]?.(params);
  }

  #progressed(params: JSONObject): void {
    const pending = this.#pending.get(params.progressToken as RequestId);
    if (progressed.params(params) === undefined) pending?.onProgress?.(params as never);
  }

  #settle(message: AppMessage & { readonly kind: "result" | "error" }): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    const { request, resolve, reject } = pending;
    const problem = message.kind === "result" ? request.result(message.result) : undefined;
    if (message.kind === "error") reject(message.error);
    else if (problem === undefined) resolve(message.result as never);
    else reject(malformed(`${request.name}: result${problem}`));
  }

  async #answer({ id, method, params }: AppMessage & { readonly kind: "request" }): Promise<void> {
    const controller = new AbortController();
    this.#answering.set(id, controller);
    try {
      const answer = Object.hasOwn(this.#init.requests, method) && this.#init.requests[method];
      if (!answer) throw new ProtocolError("methodNotFound", `Method not found: ${method}`);
      const result = (await answer(params, controller.signal)) ?? {};
      this.#post({ id, result });
    } catch (thrown) {
      const error = ProtocolError.from(thrown);
      if (error !== thrown) this.#init.onError(thrown);
      this.#post({ id, error: error.toWire() });
    } finally {
      this.#answering.delete(id);
    }
  }

  /** The origin of the host is not known to the page, whose own origin is opaque. */
  #post(message: JSONObject): void {
    if (this.#isClosed) return;
    this.#host.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }
}

function aborted({ reason }: AbortSignal): TransportError {
  return new TransportError("aborted", "The request was aborted", { cause: reason });
}

function closed(): TransportError {
  return new TransportError("closed", "The view is closed");
}

/** Wraps the function that answers a request with the check of its parameters. */
export function answering<Params extends object, Result extends object>(
  request: AppRequest<Params, Result>,
  answer: (params: Params, signal: AbortSignal) => Result | Promise<Result>,
): { readonly [method: string]: Answer } {
  return {
    [request.name]: (params, signal) => {
      const problem = request.params(params);
      if (problem !== undefined) throw invalidParams(`params${problem}`);
      return answer(params as Params, signal);
    },
  };
}

/** Wraps the function that receives a notification with the check of its parameters. */
export function receiving<Params extends object>(
  notification: AppNotification<Params>,
  receive: (params: Params) => void,
): { readonly [method: string]: (params: JSONObject) => void } {
  return {
    [notification.name]: (params) => {
      const problem = isObject(params) ? notification.params(params) : ": expected an object";
      if (problem !== undefined) throw malformed(`${notification.name}: params${problem}`);
      receive(params as Params);
    },
  };
}
