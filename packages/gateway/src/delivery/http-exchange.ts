/**
 * Sends parsed requests to replicas over HTTP.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { HttpSender } from "lutra/internal";
import type { RequestContext, Result, TransportError } from "lutra/protocol";
import type { Dispatcher } from "undici";
import { recordOf } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import type { Message, MessageExchange, StartExchange } from "./deliver-message.ts";
import type { Delivery } from "./delivery.ts";
import { carriedToken, nonceHeader, type OwnToken } from "./own-token.ts";
import { freeBytes, type ResponseBudget, type Share } from "./response-budget.ts";
import {
  type AnswerHead,
  faultOf,
  type ResponseHeaders,
  readErrorHead,
  refusalBy,
  textOf,
} from "./response-status.ts";
import { failureOf, phaseError } from "./upstream-error.ts";

/** Maximum declared length for which memory is taken in advance, that of the longest response, in bytes. */
const maxDeclaredBytes = 67_108_864;

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

/** Dispatches one attempt for the transport, and reports its progress to the delivery. */
class HttpExchange implements MessageExchange, Dispatcher.DispatchHandler {
  readonly result: Promise<Result>;
  readonly #replica: Replica;
  readonly #delivery: Delivery<Replica>;
  readonly #token: OwnToken | undefined;
  #handler: Dispatcher.DispatchHandler | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #errorHead: AnswerHead | undefined;
  readonly #options: HttpExchangeOptions;
  /** The size that the head of the response declares, in bytes. */
  #declaredBytes: number | undefined;
  /** The memory of a response that is not small. */
  #share: Share | undefined;

  constructor(
    replica: Replica,
    { request, context, delivery }: Message<Replica>,
    options: HttpExchangeOptions,
  ) {
    const { name, send, headers } = options;
    const { signal, notify } = context;
    this.#options = options;
    this.#replica = replica;
    this.#delivery = delivery;
    this.#token = carriedToken(context)?.token;
    this.result = send(this, request, { signal, notify, addHeaders: headers(context) }).then(
      (result) => {
        if (this.#share !== undefined) holdFor(context, this.#share);
        return result;
      },
      (error: unknown) => {
        this.#share?.release();
        // The sender dispatches nothing for a signal that has aborted.
        if (this.#handler === undefined) delivery.released();
        throw refusalBy(name, this.#errorHead, error) ?? replica.explain(error);
      },
    );
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { pool, path } = this.#replica;
    this.#handler = handler;
    return pool.dispatch({ ...options, path }, this);
  }

  abort(error: TransportError): void {
    this.#controller?.abort(error);
  }

  /** Waits for memory if the response is not small. */
  onBuffered(bytes: number): Promise<void> | undefined {
    if (bytes <= freeBytes) return undefined;
    this.#share ??= this.#options.responses.share();
    const granted = this.#share.fit(bytes, this.#declaredBytes);
    return granted?.then((isGranted) => {
      if (isGranted) {
        if (this.#delivery.stage === "answering") this.#delivery.waitFor("idle");
        return;
      }
      this.#delivery.refuse(failureOf(this.#options.name, "memory"));
      this.#controller?.abort(phaseError("total"));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    if (this.#delivery.connected()) this.#handler?.onRequestStart?.(controller, context);
    else controller.abort(phaseError("connect"));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusMessage?: string,
  ): void {
    if (status < 200) return;
    this.#errorHead = readErrorHead(status, headers);
    this.#declaredBytes = lengthIn(headers["content-length"]);
    this.#token?.seeNonce(textOf(headers[nonceHeader]));
    this.#delivery.answered(faultOf(status, textOf(headers["content-type"])));
    this.#handler?.onResponseStart?.(controller, status, { ...headers }, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler?.onResponseData?.(controller, chunk);
    // The replica cannot send while the client is slow.
    this.#delivery.waitFor(controller.paused ? "total" : "idle");
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    this.#delivery.released();
    this.#handler?.onResponseEnd?.(controller, { ...trailers });
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#delivery.released();
    this.#handler?.onResponseError?.(controller, error);
  }
}

/**
 * Leaves the memory of a response to the exchange of its client, which releases it when its own
 * response has been sent. The gateway keeps no response of its own requests.
 */
function holdFor(context: RequestContext, share: Share): void {
  const record = recordOf(context);
  if (record === undefined || record.isCopy || record.ms > 0) share.release();
  else record.shares = [...(record.shares ?? []), share];
}

/** Returns the length of a body, if it is declared and credible. */
function lengthIn(header: string | string[] | undefined): number | undefined {
  const length = Number(textOf(header));
  return length <= maxDeclaredBytes ? length : undefined;
}
