/**
 * Sends parsed requests to replicas over HTTP.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { HttpSender } from "lutra/internal";
import type { RequestContext, Result } from "lutra/protocol";
import type { Dispatcher } from "undici";
import type { Replica } from "../replicas/replica.ts";
import { parseHeaders, wireRequest } from "../wire/controlled-dispatch.ts";
import type { WireHandler } from "../wire/handler.ts";
import type { Message, MessageExchange, StartExchange } from "./deliver-message.ts";
import type { Delivery } from "./delivery.ts";
import { ExchangeMemory } from "./exchange-memory.ts";
import { carriedToken, nonceHeader, type OwnToken } from "./own-token.ts";
import type { ResponseBudget } from "./response-budget.ts";
import { type AnswerHead, faultOf, readErrorHead, refusalBy, textOf } from "./response-status.ts";
import { phaseError } from "./upstream-error.ts";

export interface HttpExchangeOptions {
  /** The name of the upstream. */
  readonly name: string;
  readonly send: HttpSender;
  /** The memory of the responses. */
  readonly responses: ResponseBudget;
  /** Returns the headers of the original request that are sent to the upstream. */
  readonly headers: (context: RequestContext) => RequestContext["addHeaders"];
}

export function createHttpExchange(options: HttpExchangeOptions): StartExchange<Replica> {
  return (replica, message) => new HttpExchange(replica, message, options);
}

/**
 * Dispatches one attempt for the transport, and reports its progress to the delivery. It is the
 * controller of the transport's handler.
 */
class HttpExchange implements MessageExchange, WireHandler, Dispatcher.DispatchController {
  readonly result: Promise<Result>;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #replica: Replica;
  readonly #delivery: Delivery<Replica>;
  readonly #token: OwnToken | undefined;
  #handler: Dispatcher.DispatchHandler | undefined;
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #errorHead: AnswerHead | undefined;
  readonly #memory: ExchangeMemory;

  constructor(
    replica: Replica,
    { request, context, delivery }: Message<Replica>,
    options: HttpExchangeOptions,
  ) {
    const { name, send, headers, responses } = options;
    const { notify } = context;
    const abort = (error: Error) => this.abort(error);
    this.#memory = new ExchangeMemory({ upstream: name, responses, delivery, abort });
    this.#replica = replica;
    this.#delivery = delivery;
    this.#token = carriedToken(context)?.token;
    // The delivery aborts the exchange for its client.
    const sent = { signal: undefined, notify, addHeaders: headers(context) };
    this.result = send(this, request, sent).then(
      (result) => {
        this.#memory.hold(context);
        return result;
      },
      (error: unknown) => {
        this.#memory.release();
        // The sender dispatches nothing if a header can't be sent.
        if (this.#handler === undefined) delivery.released();
        throw refusalBy(name, this.#errorHead, error) ?? replica.explain(error);
      },
    );
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { pool, path } = this.#replica;
    this.#handler = handler;
    return pool.dispatch(wireRequest(options, path), this);
  }

  abort(error: Error): void {
    if (this.#abort === undefined) return;
    this.aborted = true;
    this.reason = error;
    this.#abort(error);
  }

  /** Waits for memory if the response is not small. */
  onBuffered(bytes: number): Promise<void> | undefined {
    return this.#memory.grow(bytes);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#resume?.();
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    if (this.#delivery.connected()) this.#handler?.onRequestStart?.(this, undefined);
    else abort(phaseError("connect"));
  }

  onHeaders(status: number, raw: readonly string[], resume: () => void): boolean {
    if (status < 200) return true;
    const headers = parseHeaders(raw);
    this.#resume = resume;
    this.#errorHead = readErrorHead(status, headers);
    this.#memory.declare(headers);
    this.#token?.seeNonce(textOf(headers[nonceHeader]));
    this.#delivery.answered(faultOf(status, textOf(headers["content-type"])));
    this.#handler?.onResponseStart?.(this, status, headers);
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.#handler?.onResponseData?.(this, chunk);
    // The replica cannot send while the client is slow.
    this.#delivery.waitFor(this.paused ? "total" : "idle");
    return !this.paused;
  }

  onComplete(): void {
    this.#delivery.released();
    this.#handler?.onResponseEnd?.(this, {});
  }

  onError(error: Error): void {
    this.#delivery.released();
    this.#handler?.onResponseError?.(this, error);
  }
}
