/**
 * The client's requests in flight on one stdio channel, and which message belongs to which.
 *
 * @spec basic/transports/stdio#receiving-messages
 */

import { cancelledNotification, cancelledRequestId } from "../../protocol/cancellation.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { logMessageMethod } from "../../protocol/logging.ts";
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
  readonly #open = new Map<number, Pending>();
  readonly #onSize: (size: number) => void;
  #lastId = 0;

  /** @param onSize - hears how many requests are in flight when that has changed */
  constructor(onSize: (size: number) => void) {
    this.#onSize = onSize;
  }

  /** Sends a request whose signal has not been aborted, and awaits its result. */
  send(
    request: JSONRPCRequest,
    context: RequestContext,
    write: (json: string) => void,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const json = JSON.stringify(requestToChannel(request, id));
      const onAbort = (): void => this.#abandon(pending, abortError(context.signal));
      const pending: Pending = { id, request, context, write, resolve, reject, onAbort };
      write(json);
      this.#open.set(id, pending);
      context.signal.addEventListener("abort", onAbort);
      this.#onSize(this.#open.size);
    });
  }

  /** Takes a message of the server. False for what is no message. */
  receive(message: unknown): boolean {
    if (!isObject(message)) return false;
    if (typeof message.method === "string") {
      // Servers send no requests. An answer would break the rule that clients send no responses.
      if (!("id" in message)) this.#notify(message as unknown as JSONRPCNotification);
      return true;
    }
    if (!("result" in message || "error" in message)) return false;
    this.#settle(message);
    return true;
  }

  /** Gives up on everything; the server is past hearing of it. */
  rejectAll(reason: TransportError): void {
    for (const pending of this.#open.values()) {
      this.#close(pending);
      pending.reject(reason);
    }
  }

  /** Gives up on everything and tells the server. */
  abandonAll(reason: TransportError): void {
    for (const pending of this.#open.values()) this.#abandon(pending, reason);
  }

  #settle(response: JSONObject): void {
    const pending = this.#addressee(response);
    if (pending === undefined) return;
    this.#close(pending);
    if (isObject(response.result)) {
      pending.resolve(resultFromChannel(response.result as Result, pending.id, pending.request));
      return;
    }
    const malformed = new TransportError("malformed", "response: expected a result or an error");
    pending.reject(ProtocolError.fromWire(response.error) ?? malformed);
  }

  /**
   * Responses that come too late have none. An error without an id says that the server could not
   * read a message; where only one request is in flight, it must be that one.
   */
  #addressee(response: JSONObject): Pending | undefined {
    const { id } = response;
    if (typeof id === "number") return this.#open.get(id);
    return (id === undefined || id === null) && "error" in response ? this.#only() : undefined;
  }

  #notify(notification: JSONRPCNotification): void {
    const cancelled = this.#find(cancelledRequestId(notification));
    if (cancelled !== undefined) {
      // Only subscriptions end like this. Should a server cancel another request, no answer to
      // that will come either.
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
   * A log message names no request. It is delivered where only one request in flight has asked for
   * log messages, and dropped otherwise: it must not reach a caller it was not meant for.
   *
   * @spec server/utilities/logging#per-request-log-level
   */
  #notifyLog(notification: JSONRPCNotification): void {
    const pending = this.#only(asksForLog);
    if (pending !== undefined) this.#deliver(pending, notification);
  }

  /**
   * Nobody waits for a notification to be taken: a slow reader would hold up all the others that
   * share the channel.
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

  /** Gives up on a request and tells the server, which the specification requires. */
  #abandon(pending: Pending, reason: unknown): void {
    if (!this.#close(pending)) return;
    pending.reject(reason);
    try {
      pending.write(JSON.stringify(cancelledNotification(pending.id)));
    } catch {
      // The server takes nothing any more, so there is nobody to tell.
    }
  }

  /** Forgets a request; false when that has happened before. */
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
