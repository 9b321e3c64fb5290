/** Delivers parsed requests. */
import { abortError, abortsOf, nameOf, withTraceContext } from "lutra/internal";
import {
  isTransportError,
  type JSONRPCRequest,
  type ProtocolError,
  type RequestContext,
  type Result,
  type Serve,
  type TraceContext,
  type TransportError,
} from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import { isShared } from "../head/shared-request.ts";
import { type Carrier, Delivery, type DeliveryInit } from "./delivery.ts";
import type { Fleet, Recipient } from "./fleet.ts";

/** A message on its way, as the transport to a replica sees it. */
export interface Message<R extends Recipient> {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  /** The transport reports the connection, the head of the answer, and the end of the exchange. */
  readonly delivery: Delivery<R>;
}

/** One attempt to have a message answered by one replica. */
export interface MessageExchange {
  /** Rejects with the upstream's error, or with a `TransportError`. */
  readonly result: Promise<Result>;
  readonly abort: (error: TransportError) => void;
}

export type StartExchange<R extends Recipient> = (
  replica: R,
  message: Message<R>,
) => MessageExchange;

/** Returns the replica that should get a request first, if any. */
export type Prefer<R> = (request: JSONRPCRequest, context: RequestContext) => R | undefined;

/**
 * Returns the `Serve` of an upstream. It rejects with the upstream's error, with an `UpstreamError`,
 * or with the signal's `abortError`.
 */
export function createMessageDelivery<R extends Recipient>(
  fleet: Fleet<R>,
  startExchange: StartExchange<R>,
  prefer?: Prefer<R>,
): Serve {
  return (request, context) =>
    new Promise((resolve, reject) => {
      if (abortsOf(context).isAborted) return reject(abortError(context.signal));
      const init = { request, context, fleet, startExchange, prefer };
      new MessageCarrier(init, { resolve, reject }).start();
    });
}

interface MessageInit<R extends Recipient> {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly fleet: Fleet<R>;
  readonly startExchange: StartExchange<R>;
  readonly prefer: Prefer<R> | undefined;
}

interface Settle {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

class MessageCarrier<R extends Recipient> implements Carrier<R>, Message<R> {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly delivery: Delivery<R>;
  readonly preferred: (() => R | undefined) | undefined;
  readonly #startExchange: StartExchange<R>;
  readonly #settle: Settle;
  #exchange: MessageExchange | undefined;

  constructor({ request, context, fleet, startExchange, prefer }: MessageInit<R>, settle: Settle) {
    const { method, params } = request;
    const record = recordOf(context);
    this.request = request;
    this.context = context;
    this.#startExchange = startExchange;
    this.#settle = settle;
    this.preferred = prefer && (() => prefer(request, context));
    this.delivery = new Delivery(this, fleet, {
      method,
      name: nameOf(fleet.methods.get(method), params),
      isOwn: record === undefined,
      record: record ?? unrecorded(),
    });
  }

  start(): void {
    abortsOf(this.context).onAbort(this.#onAbort);
    this.delivery.start();
  }

  send(replica: R): void {
    const carried = this.delivery.attempt?.carried;
    const message = carried === undefined ? this : tracedMessage(this, carried);
    this.#exchange = this.#startExchange(replica, message);
    this.#exchange.result.then(this.#onResult, this.#onError);
  }

  rewind(): boolean {
    return true;
  }

  abort(error: TransportError): void {
    this.#exchange?.abort(error);
  }

  fail(error: ProtocolError | TransportError): void {
    this.#unlisten();
    this.#settle.reject(error);
  }

  readonly #onResult = (result: Result): void => {
    this.delivery.done();
    this.#unlisten();
    this.#settle.resolve(result);
  };

  /** An error response is an answer; only a `TransportError` is a failure of the exchange. */
  readonly #onError = (error: unknown): void => {
    if (isTransportError(error)) {
      this.delivery.failed(error);
      return;
    }
    this.delivery.done();
    this.#unlisten();
    this.#settle.reject(error);
  };

  readonly #onAbort = (): void => {
    const error = abortError(this.context.signal);
    if (this.delivery.cancel(error)) this.fail(error);
  };

  #unlisten(): void {
    abortsOf(this.context).offAbort(this.#onAbort);
  }
}

/** Returns a message that carries the span of its attempt. A shared result depends on no `tracestate`. */
function tracedMessage<R extends Recipient>(
  { request, context, delivery }: Message<R>,
  { traceparent, tracestate }: TraceContext,
): Message<R> {
  const sent =
    tracestate === undefined || isShared(context) ? { traceparent } : { traceparent, tracestate };
  const addHeaders = { ...context.addHeaders, ...sent };
  return {
    request: withTraceContext(request, sent),
    context: { ...context, addHeaders },
    delivery,
  };
}

/** Returns a record for a request of the gateway itself, which no log reads. */
function unrecorded(): DeliveryInit["record"] {
  return {
    startedAt: performance.now(),
    upstream: undefined,
    replica: undefined,
    attempts: 0,
    reason: undefined,
    upstreamMs: undefined,
  };
}
