/**
 * The client's requests in flight on one stdio channel. Assigns each incoming message to its request.
 *
 * @spec basic/transports/stdio#receiving-messages
 */

import { cancelledNotification, cancelledRequestId } from "../../protocol/cancellation.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { encodeJSON, isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { logMessageMethod } from "../../protocol/logging.ts";
import { OpenMap } from "../../protocol/open-entries.ts";
import { progressMethod } from "../../protocol/progress.ts";
import { subscriptionIdOf } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError } from "../../time/abort.ts";
import {
  asksForLog,
  changeFromChannel,
  progressFromChannel,
  requestToChannel,
  resultFromChannel,
} from "./channel-ids.ts";

interface Pending {
  /** The request's id on the channel. */
  readonly id: number;
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly write: (json: string) => void;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

export class PendingRequests {
  readonly #open = new OpenMap<number, Pending>();
  readonly #onSize: (size: number) => void;
  #lastId = 0;

  /** @param onSize - called with the number of requests in flight when it has changed */
  constructor(onSize: (size: number) => void) {
    this.#onSize = onSize;
  }

  /** Sends a request and awaits its result. The request's signal must not be aborted yet. */
  send(
    request: JSONRPCRequest,
    context: RequestContext,
    write: (json: string) => void,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const json = encodeJSON(requestToChannel(request, id));
      const onAbort = (): void => this.#abandon(pending, abortError(context.signal));
      const pending: Pending = { id, request, context, write, resolve, reject, onAbort };
      write(json);
      this.#open.set(id, pending);
      context.signal.addEventListener("abort", onAbort);
      this.#onSize(this.#open.size);
    });
  }

  /** Processes a message of the server. Returns false for a value that is not a message. */
  receive(message: unknown): boolean {
    if (!isObject(message) || message.jsonrpc !== "2.0") return false;
    if (typeof message.method === "string") {
      // Servers must not send requests, and clients must not send responses, so they are ignored.
      if (!("id" in message)) this.#notify(message as unknown as JSONRPCNotification);
      return true;
    }
    if (!("result" in message || "error" in message)) return false;
    this.#settle(message);
    return true;
  }

  /** Returns true for the response to a request in flight. */
  isAnswer(message: unknown): boolean {
    return isObject(message) && !("method" in message) && this.#find(message.id) !== undefined;
  }

  /** Rejects all requests, without notifying the server. */
  rejectAll(reason: TransportError): void {
    for (const pending of this.#open.values()) {
      this.#close(pending);
      pending.reject(reason);
    }
  }

  /** Rejects all requests and cancels them at the server. */
  abandonAll(reason: TransportError): void {
    for (const pending of this.#open.values()) this.#abandon(pending, reason);
  }

  #settle(response: JSONObject): void {
    const pending = this.#addressee(response);
    if (pending === undefined) return;
    this.#close(pending);
    // As over HTTP, a response with both members is an error.
    if (isObject(response.result) && !isObject(response.error)) {
      pending.resolve(resultFromChannel(response.result as Result, pending.id, pending.request));
      return;
    }
    const malformed = new TransportError("malformed", "response: expected a result or an error");
    pending.reject(ProtocolError.fromWire(response.error) ?? malformed);
  }

  /**
   * Returns the request that a response belongs to; late responses have none. An error without an id
   * means that the server could not read a message. It belongs to the only request in flight, if
   * there is only one.
   */
  #addressee(response: JSONObject): Pending | undefined {
    const { id } = response;
    if (typeof id === "number") return this.#open.get(id);
    return (id === undefined || id === null) && "error" in response ? this.#only() : undefined;
  }

  #notify(notification: JSONRPCNotification): void {
    const cancelled = this.#find(cancelledRequestId(notification));
    if (cancelled !== undefined) {
      // Servers end only subscriptions like this. If one cancels another request, it will not answer
      // that either.
      this.#close(cancelled);
      cancelled.reject(new TransportError("closed", "The server ended the request"));
      return;
    }
    const pending = this.#find(subscriptionIdOf(notification));
    if (pending !== undefined) {
      this.#deliver(pending, changeFromChannel(notification, pending.request));
      return;
    }
    if (notification.method === progressMethod) this.#notifyProgress(notification);
    else if (notification.method === logMessageMethod) this.#notifyLog(notification);
  }

  #notifyProgress(notification: JSONRPCNotification): void {
    const pending = this.#find(notification.params?.progressToken);
    const progress = pending && progressFromChannel(notification, pending.request);
    if (pending !== undefined && progress !== undefined) this.#deliver(pending, progress);
  }

  /**
   * A log message names no request. It is delivered when exactly one request in flight asked for log
   * messages, and dropped otherwise, because it must not reach the wrong caller.
   *
   * @spec server/utilities/logging#per-request-log-level
   */
  #notifyLog(notification: JSONRPCNotification): void {
    const pending = this.#only(asksForLog);
    if (pending !== undefined) this.#deliver(pending, notification);
  }

  /**
   * Passes a notification to its request without waiting for the reader, because a slow reader would
   * delay the other requests on the channel.
   */
  #deliver(pending: Pending, notification: JSONRPCNotification): void {
    const fail = (thrown: unknown): void => this.#abandon(pending, thrown);
    try {
      const taken = pending.context.notify(notification);
      if (taken !== undefined) void Promise.resolve(taken).catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }

  /** Rejects a request and cancels it at the server, as the specification requires. */
  #abandon(pending: Pending, reason: unknown): void {
    if (!this.#close(pending)) return;
    pending.reject(reason);
    try {
      pending.write(encodeJSON(cancelledNotification(pending.id)));
    } catch {
      // The server no longer reads, so the cancellation has no effect.
    }
  }

  /** Removes a request. Returns false when it was already removed. */
  #close(pending: Pending): boolean {
    if (!this.#open.delete(pending.id)) return false;
    pending.context.signal.removeEventListener("abort", pending.onAbort);
    this.#onSize(this.#open.size);
    return true;
  }

  #find(id: unknown): Pending | undefined {
    return typeof id === "number" ? this.#open.get(id) : undefined;
  }

  #only(matches: (request: JSONRPCRequest) => boolean = () => true): Pending | undefined {
    const found = [...this.#open.values()].filter(({ request }) => matches(request));
    return found.length === 1 ? found[0] : undefined;
  }
}
