/**
 * The requests of one stdio client that are in flight. Each is answered once, or cancelled; nothing
 * is sent for a cancelled request.
 *
 * @spec basic/transports/stdio#cancellation, basic/patterns/cancellation#behavior-requirements
 */
import { cancelledNotification } from "../../protocol/cancellation.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, RequestId } from "../../protocol/json-rpc.ts";
import { encodeError, encodeResult } from "../../protocol/json-rpc.ts";
import { type OpenEntry, OpenMap, OpenSet } from "../../protocol/open-entries.ts";
import { subscriptionIdOf, withSubscriptionId } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { delay } from "../../time/backoff.ts";

export interface ExchangesOptions {
  readonly serve: Serve;
  readonly principal: Principal | undefined;
  /** All protocol versions that are served, the newest first. */
  readonly versions: readonly string[];
  /** Writes one message. The promise resolves when the client has caught up. Does not throw. */
  readonly send: (json: string) => void | Promise<void>;
  /** Maximum number of requests that run at once, and of those that wait before `isFull`. */
  readonly maxInFlight: number;
  /** Maximum size of all requests that wait before `isFull`. */
  readonly maxWaitingBytes: number;
  /** Called with errors whose cause is hidden from the client. */
  readonly onError: (error: unknown) => void;
  /** Called when a request has ended, so that `isFull` may have changed. */
  readonly onEnd: () => void;
}

/**
 * Time between the first notification of a burst and the result, in milliseconds. The official
 * clients (1.32 and 2.4.0) drop progress that they read in one chunk with the result.
 */
const apartMs = 1;

interface Exchange {
  readonly request: JSONRPCRequest;
  readonly bytes: number;
  readonly controller: AbortController;
  /** Set while it waits. */
  waiting?: OpenEntry<Exchange> | undefined;
  /** Settles when the handler has ended, which may be after the exchange. */
  running?: Promise<void>;
  /** Resolves when a result may follow the latest notifications. Undefined when it may at once. */
  notified?: Promise<void> | undefined;
  /** Set by the first notification that carries the request's id as its subscription. */
  isSubscription: boolean;
  /** True once it is answered or cancelled: nothing more may be sent. */
  hasEnded: boolean;
}

export class Exchanges {
  readonly #options: ExchangesOptions;
  readonly #open = new OpenMap<RequestId, Exchange>();
  readonly #waiting = new OpenSet<Exchange>();
  #waitingBytes = 0;
  #inFlight = 0;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  /** True while nothing more should be read from the client. */
  get isFull(): boolean {
    const { maxInFlight, maxWaitingBytes } = this.#options;
    return this.#waiting.size >= maxInFlight || this.#waitingBytes > maxWaitingBytes;
  }

  /** Accepts a request that arrived in a line of `bytes`. */
  accept(request: JSONRPCRequest, bytes: number): void {
    if (this.#open.has(request.id)) {
      const message = "id: expected an id that no request in flight has";
      void this.#options.send(
        encodeError(request.id, new ProtocolError("invalidRequest", message)),
      );
      return;
    }
    const controller = new AbortController();
    const exchange: Exchange = {
      request,
      bytes,
      controller,
      waiting: undefined,
      isSubscription: false,
      hasEnded: false,
    };
    this.#open.set(request.id, exchange);
    exchange.waiting = this.#waiting.add(exchange);
    this.#waitingBytes += bytes;
    this.#startWaiting();
  }

  /** Aborts a request, for which nothing more is sent. Ignores an unknown id. */
  cancel(id: RequestId, reason: string): void {
    const exchange = this.#open.get(id);
    if (exchange !== undefined) this.#abandon(exchange, reason);
  }

  /** Resolves when all accepted requests have ended. */
  async drain(): Promise<void> {
    while (this.#open.size > 0) {
      await Promise.all([...this.#open.values()].map(({ running }) => running));
    }
  }

  /** Aborts all requests. */
  abort(reason: string): void {
    // Waiting requests come first, so that none is started only to be aborted.
    for (const exchange of [...this.#waiting, ...this.#open.values()]) {
      if (!exchange.hasEnded) this.#abandon(exchange, reason);
    }
  }

  #startWaiting(): void {
    for (;;) {
      const exchange = this.#waiting.first;
      if (exchange === undefined || this.#inFlight >= this.#options.maxInFlight) return;
      this.#stopWaiting(exchange);
      this.#inFlight += 1;
      exchange.running = this.#run(exchange);
    }
  }

  #stopWaiting(exchange: Exchange): boolean {
    const { waiting } = exchange;
    if (waiting === undefined) return false;
    exchange.waiting = undefined;
    this.#waiting.delete(waiting);
    this.#waitingBytes -= exchange.bytes;
    return true;
  }

  async #run(exchange: Exchange): Promise<void> {
    const { request, controller } = exchange;
    const notify = (notification: JSONRPCNotification): void | Promise<void> => {
      if (exchange.hasEnded) return;
      exchange.isSubscription ||= subscriptionIdOf(notification) === request.id;
      exchange.notified ??= delay(apartMs).then(() => {
        exchange.notified = undefined;
      });
      return this.#options.send(encodeJSON(notification));
    };
    try {
      const { serve, principal, versions } = this.#options;
      const { signal } = controller;
      const result = await serve(request, { signal, notify, principal, versions });
      if (exchange.notified !== undefined) await exchange.notified;
      if (!exchange.hasEnded) this.#answer(exchange, encodeResult(request.id, result));
    } catch (thrown) {
      if (!exchange.hasEnded) this.#answer(exchange, this.#encodeFailure(request.id, thrown));
    }
  }

  /** Masks errors that are not meant for the client. */
  #encodeFailure(id: RequestId, thrown: unknown): string {
    if (!isProtocolError(thrown)) this.#options.onError(thrown);
    return encodeError(id, ProtocolError.from(thrown));
  }

  /**
   * Sends the response. The end of a subscription takes two messages. The specification requires a
   * result before the stream is closed (basic/patterns/subscriptions#graceful-closure), and
   * `notifications/cancelled` when the server closes the stream (basic/patterns/cancellation). On
   * stdio the notification closes the stream, so it is sent last: a client that received it first
   * would ignore the result.
   */
  #answer(exchange: Exchange, response: string): void {
    this.#end(exchange);
    void this.#options.send(response);
    if (!exchange.isSubscription) return;
    const { id } = exchange.request;
    const closing = cancelledNotification(id, "The server ended the subscription");
    const params = withSubscriptionId(closing.params, id);
    void this.#options.send(encodeJSON({ ...closing, params }));
  }

  #abandon(exchange: Exchange, reason: string): void {
    exchange.hasEnded = true;
    exchange.controller.abort(new TransportError("aborted", reason));
    this.#end(exchange);
  }

  /** Releases the id and the slot, even while the handler of a cancelled request still runs. */
  #end(exchange: Exchange): void {
    exchange.hasEnded = true;
    this.#open.delete(exchange.request.id);
    if (!this.#stopWaiting(exchange)) this.#inFlight -= 1;
    this.#startWaiting();
    this.#options.onEnd();
  }
}
