/**
 * The requests of one stdio client that are in flight: each is answered once, or cancelled and
 * never heard of again.
 *
 * @spec basic/transports/stdio#cancellation, basic/patterns/cancellation#behavior-requirements
 */
import { cancelledNotification } from "../../protocol/cancellation.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import type { Serve } from "../../protocol/exchange.ts";
import type { JSONRPCNotification, JSONRPCRequest, RequestId } from "../../protocol/json-rpc.ts";
import { encodeError, encodeResult } from "../../protocol/json-rpc.ts";
import { subscriptionIdOf } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";

export interface ExchangesOptions {
  readonly serve: Serve;
  /** Writes one message; the promise resolves when the client has caught up. Does not throw. */
  readonly send: (json: string) => void | Promise<void>;
  /** How many requests run at once. As many again may wait for their turn before `isFull`. */
  readonly maxInFlight: number;
  /** How many bytes of requests may wait before `isFull`. */
  readonly maxWaitingBytes: number;
  /** Hears of failures whose cause the client is not told. */
  readonly onError: (error: unknown) => void;
  /** Hears that a request is over, so that `isFull` may have changed. */
  readonly onOver: () => void;
}

interface Exchange {
  readonly request: JSONRPCRequest;
  readonly bytes: number;
  readonly controller: AbortController;
  /** Settles when the server is done, which may be after the exchange is over. */
  running?: Promise<void>;
  /** Known from the first notification that carries the request's id as its subscription. */
  isSubscription: boolean;
  /** Answered or cancelled: nothing more may be sent. */
  isOver: boolean;
}

export class Exchanges {
  readonly #options: ExchangesOptions;
  readonly #open = new Map<RequestId, Exchange>();
  readonly #waiting = new Set<Exchange>();
  #waitingBytes = 0;
  #inFlight = 0;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  /** True when the client should not be read for a while. */
  get isFull(): boolean {
    const { maxInFlight, maxWaitingBytes } = this.#options;
    return this.#waiting.size >= maxInFlight || this.#waitingBytes > maxWaitingBytes;
  }

  /** Takes a request that came in a line of `bytes`. */
  accept(request: JSONRPCRequest, bytes: number): void {
    if (this.#open.has(request.id)) {
      const message = "id: expected one that no request in flight has";
      void this.#options.send(
        encodeError(request.id, new ProtocolError("invalidRequest", message)),
      );
      return;
    }
    const controller = new AbortController();
    const exchange = { request, bytes, controller, isSubscription: false, isOver: false };
    this.#open.set(request.id, exchange);
    this.#waiting.add(exchange);
    this.#waitingBytes += bytes;
    this.#startWaiting();
  }

  /** Aborts a request, of which nothing more is sent. An unknown id is ignored. */
  cancel(id: RequestId, reason: string): void {
    const exchange = this.#open.get(id);
    if (exchange !== undefined) this.#abandon(exchange, reason);
  }

  /** Resolves when all requests that came in have ended. */
  async drain(): Promise<void> {
    while (this.#open.size > 0) {
      await Promise.all([...this.#open.values()].map(({ running }) => running));
    }
  }

  /** Aborts everything. */
  abort(reason: string): void {
    // What waits goes first, so that nothing is started only to be aborted.
    for (const exchange of [...this.#waiting, ...this.#open.values()]) {
      if (!exchange.isOver) this.#abandon(exchange, reason);
    }
  }

  #startWaiting(): void {
    for (const exchange of this.#waiting) {
      if (this.#inFlight >= this.#options.maxInFlight) return;
      this.#stopWaiting(exchange);
      this.#inFlight += 1;
      exchange.running = this.#run(exchange);
    }
  }

  #stopWaiting(exchange: Exchange): boolean {
    const waited = this.#waiting.delete(exchange);
    if (waited) this.#waitingBytes -= exchange.bytes;
    return waited;
  }

  async #run(exchange: Exchange): Promise<void> {
    const { request, controller } = exchange;
    const notify = (notification: JSONRPCNotification): void | Promise<void> => {
      if (exchange.isOver) return;
      exchange.isSubscription ||= subscriptionIdOf(notification) === request.id;
      return this.#options.send(JSON.stringify(notification));
    };
    try {
      const result = await this.#options.serve(request, { signal: controller.signal, notify });
      if (!exchange.isOver) this.#answer(exchange, encodeResult(request.id, result));
    } catch (thrown) {
      if (!exchange.isOver) this.#answer(exchange, this.#encodeFailure(request.id, thrown));
    }
  }

  /** Masks what is not meant for the client. */
  #encodeFailure(id: RequestId, thrown: unknown): string {
    if (!isProtocolError(thrown)) this.#options.onError(thrown);
    return encodeError(id, ProtocolError.from(thrown));
  }

  /**
   * Sends the response. A subscription that the server ends gets two messages: the specification
   * asks for a result before its stream is closed (basic/patterns/subscriptions#graceful-closure),
   * and for `notifications/cancelled` when the server tears the stream down (basic/patterns/
   * cancellation). On stdio the notification is what closes the stream, so it comes last. A client
   * that met it first would take the end for an abrupt one and ignore the result.
   */
  #answer(exchange: Exchange, response: string): void {
    this.#end(exchange);
    void this.#options.send(response);
    if (!exchange.isSubscription) return;
    const closing = cancelledNotification(exchange.request.id, "The server ended the subscription");
    void this.#options.send(JSON.stringify(closing));
  }

  #abandon(exchange: Exchange, reason: string): void {
    exchange.isOver = true;
    exchange.controller.abort(new TransportError("aborted", reason));
    this.#end(exchange);
  }

  /** Frees the id and the place. A cancelled request that goes on all the same holds neither. */
  #end(exchange: Exchange): void {
    exchange.isOver = true;
    this.#open.delete(exchange.request.id);
    if (!this.#stopWaiting(exchange)) this.#inFlight -= 1;
    this.#startWaiting();
    this.#options.onOver();
  }
}
