/**
 * The answer to a request that was sent before it was read. The request is then read and served, and its
 * policies get the result as if they had sent it.
 */
import type { HttpSender } from "lutra/internal";
import {
  isTransportError,
  type JSONRPCRequest,
  type ProtocolError,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import type { Dispatcher } from "undici";
import type { Replica } from "../replicas/replica.ts";
import { parseHeaders } from "../wire/controlled-dispatch.ts";
import type { Delivery } from "./delivery.ts";
import { ExchangeMemory } from "./exchange-memory.ts";
import type { ResponseBudget } from "./response-budget.ts";
import { readErrorHead, refusalBy } from "./response-status.ts";
import { phaseError } from "./upstream-error.ts";

/** The answer of an upstream. */
export interface Answer {
  /** Resolves to the result; rejects with the upstream's error, or with that of the delivery. */
  readonly result: (request: JSONRPCRequest, context: RequestContext) => Promise<Result>;
  /** Aborts the response if nothing has asked for its result. */
  readonly drop: () => void;
}

/** Returns the answer of a delivery that failed. */
export function failedAnswer(error: ProtocolError): Answer {
  return { result: () => Promise.reject(error), drop: () => {} };
}

/** An answer of which parts are still arriving. */
export interface StartedAnswer extends Answer {
  /** Takes the head of the response. */
  readonly begin: (status: number, raw: readonly string[]) => void;
  /** Takes a part of the body. Returns false to pause. */
  readonly push: (chunk: Buffer) => boolean;
  /** Takes the end of the body. */
  readonly end: () => void;
  /** Takes the error of a response that is truncated. */
  readonly break: (error: Error) => void;
  /** Ends the answer with an error of the delivery. */
  readonly fail: (error: ProtocolError) => void;
}

export interface OpenAnswerInit {
  /** The name of the upstream. */
  readonly upstream: string;
  readonly replica: Replica;
  readonly delivery: Delivery<Replica>;
  readonly send: HttpSender;
  /** The memory of the responses. */
  readonly responses: ResponseBudget;
  /** Aborts the exchange. */
  readonly abort: (error: Error) => void;
  /** Continues to read the response. */
  readonly resume: () => void;
}

/** A response that is still arriving. What arrives before the request is served is kept. */
export class OpenAnswer implements StartedAnswer, Dispatcher.DispatchController {
  aborted = false;
  paused = true;
  reason: Error | null = null;
  readonly #init: OpenAnswerInit;
  #status = 0;
  #raw: readonly string[] = [];
  #handler: Dispatcher.DispatchHandler | undefined;
  readonly #kept: Buffer[] = [];
  #end: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #failure: ProtocolError | undefined;

  constructor(init: OpenAnswerInit) {
    this.#init = init;
  }

  begin(status: number, raw: readonly string[]): void {
    this.#status = status;
    this.#raw = raw;
  }

  result(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { delivery, upstream, replica, send, responses } = this.#init;
    const headers = parseHeaders(this.#raw);
    const head = readErrorHead(this.#status, headers);
    const abort = (error: Error) => this.abort(error);
    const memory = new ExchangeMemory({ upstream, responses, delivery, abort });
    memory.declare(headers);
    const dispatch: Dispatcher["dispatch"] = (_options, handler) => this.#attach(handler);
    const onBuffered = (bytes: number) => memory.grow(bytes);
    const read = send({ dispatch, onBuffered }, request, context);
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#failure !== undefined) reject(this.#failure);
      const onError = (error: unknown) => {
        memory.release();
        const explained = refusalBy(upstream, head, error) ?? replica.explain(error);
        if (isTransportError(explained) && delivery.stage !== "ended") delivery.failed(explained);
        else {
          delivery.done();
          reject(explained);
        }
        this.drop();
      };
      read.then((result) => {
        memory.hold(context);
        delivery.done();
        resolve(result);
      }, onError);
    });
  }

  drop(): void {
    if (this.#handler !== undefined) return;
    this.#init.delivery.done();
    this.abort(phaseError("total"));
  }

  push(chunk: Buffer): boolean {
    if (this.#handler === undefined) this.#kept.push(chunk);
    else this.#read(chunk);
    return !this.paused;
  }

  end(): void {
    this.#finish(() => this.#handler?.onResponseEnd?.(this, {}));
  }

  break(error: Error): void {
    this.#finish(() => this.#handler?.onResponseError?.(this, error));
  }

  fail(error: ProtocolError): void {
    this.#failure = error;
    this.#reject?.(error);
  }

  abort(error: Error): void {
    this.aborted = true;
    this.reason = error;
    this.#init.abort(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#init.resume();
  }

  #attach(handler: Dispatcher.DispatchHandler): boolean {
    this.#handler = handler;
    this.paused = false;
    handler.onRequestStart?.(this, undefined);
    handler.onResponseStart?.(this, this.#status, parseHeaders(this.#raw));
    for (const chunk of this.#kept) this.#read(chunk);
    this.#end?.();
    if (!this.paused) this.#init.resume();
    return true;
  }

  #read(chunk: Buffer): void {
    this.#handler?.onResponseData?.(this, chunk);
    // The replica cannot send while the client is slow.
    this.#init.delivery.waitFor(this.paused ? "total" : "idle");
  }

  #finish(end: () => void): void {
    if (this.#handler === undefined) this.#end = end;
    else end();
  }
}
