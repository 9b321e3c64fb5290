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
import { type Dispatcher, util } from "undici";
import type { Replica } from "../replicas/replica.ts";
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

export interface OpenAnswerInit {
  readonly status: number;
  readonly raw: readonly Buffer[];
  /** The name of the upstream. */
  readonly upstream: string;
  readonly replica: Replica;
  readonly delivery: Delivery<Replica>;
  readonly send: HttpSender;
  /** The memory of the responses. */
  readonly responses: ResponseBudget;
}

/** The functions of undici for the exchange. */
interface Controls {
  readonly abort: (error: Error) => void;
  /** Continues to read the response. */
  readonly resume: () => void;
}

/** A response that is still arriving. What arrives before the request is served is kept. */
export class OpenAnswer implements Answer, Dispatcher.DispatchController {
  aborted = false;
  paused = true;
  reason: Error | null = null;
  readonly #init: OpenAnswerInit;
  readonly #controls: Controls;
  #handler: Dispatcher.DispatchHandler | undefined;
  #kept: readonly Buffer[] = [];
  #end: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #failure: ProtocolError | undefined;

  constructor(init: OpenAnswerInit, controls: Controls) {
    this.#init = init;
    this.#controls = controls;
  }

  result(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { delivery, upstream, replica, send, responses, status, raw } = this.#init;
    const headers = util.parseHeaders([...raw]);
    const head = readErrorHead(status, headers);
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

  /** Takes a part of the body. Returns false to pause. */
  push(chunk: Buffer): boolean {
    if (this.#handler === undefined) this.#kept = [...this.#kept, chunk];
    else this.#read(chunk);
    return !this.paused;
  }

  /** Takes the end of the body. */
  end(): void {
    this.#finish(() => this.#handler?.onResponseEnd?.(this, {}));
  }

  /** Takes the error of a response that is truncated. */
  break(error: Error): void {
    this.#finish(() => this.#handler?.onResponseError?.(this, error));
  }

  /** Ends the answer with an error of the delivery. */
  fail(error: ProtocolError): void {
    this.#failure = error;
    this.#reject?.(error);
  }

  abort(error: Error): void {
    this.aborted = true;
    this.reason = error;
    this.#controls.abort(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#controls.resume();
  }

  #attach(handler: Dispatcher.DispatchHandler): boolean {
    const { status, raw } = this.#init;
    this.#handler = handler;
    this.paused = false;
    handler.onRequestStart?.(this, undefined);
    handler.onResponseStart?.(this, status, util.parseHeaders([...raw]));
    for (const chunk of this.#kept) this.#read(chunk);
    this.#end?.();
    if (!this.paused) this.#controls.resume();
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
