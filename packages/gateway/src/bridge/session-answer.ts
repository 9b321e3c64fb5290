/**
 * The answer to a request that was sent in a session before it was read. What arrives before the request
 * is served is kept.
 */
import {
  isTransportError,
  type JSONRPCRequest,
  type ProtocolError,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import type { SplicedExchange } from "../delivery/deliver-spliced.ts";
import type { StartedAnswer } from "../delivery/open-answer.ts";
import type { ResponseBudget } from "../delivery/response-budget.ts";
import { phaseError } from "../delivery/upstream-error.ts";
import type { WireDispatcher, WireHandler } from "../wire/handler.ts";
import { replicaFetch } from "./replica-fetch.ts";
import type { PassedInSession } from "./upstream-sessions.ts";

export interface SessionAnswerInit {
  readonly exchange: SplicedExchange;
  readonly call: PassedInSession;
  readonly responses: ResponseBudget;
  /** Returns the error that the client gets. */
  readonly explain: (error: unknown) => unknown;
}

/** An event of the exchange. Returns false to pause. */
type Event = (handler: WireHandler) => boolean | undefined;

export class SessionAnswer implements StartedAnswer {
  readonly #init: SessionAnswerInit;
  #handler: WireHandler | undefined;
  #kept: Event[] = [];
  #isServed = false;
  #reject: ((error: unknown) => void) | undefined;
  #failure: ProtocolError | undefined;
  readonly #failed = new AbortController();

  constructor(init: SessionAnswerInit) {
    this.#init = init;
  }

  result(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { call, exchange, responses, explain } = this.#init;
    const { delivery, release } = exchange;
    const answered = () => {
      if (delivery.stage === "sent") delivery.answered();
    };
    // The first message counts as the head of the answer, as for a request that was read first.
    const notify: RequestContext["notify"] = (notification) => {
      answered();
      delivery.waitFor("idle");
      return context.notify(notification);
    };
    this.#isServed = true;
    const dispatch: WireDispatcher["dispatch"] = (_options, handler) => this.#attach(handler);
    const send = replicaFetch({ dispatch }, responses);
    // The call may have moved to another session, of which the exchange knows nothing.
    const signal = AbortSignal.any([context.signal, this.#failed.signal]);
    const serving = call.serve(request, { ...context, notify, signal }, send);
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#failure !== undefined) reject(this.#failure);
      const onResult = (result: Result) => {
        // A call that waits for input keeps its exchange, and occupies no replica.
        release();
        answered();
        delivery.done();
        resolve(result);
      };
      serving.then(onResult, (thrown: unknown) => {
        const error = explain(thrown);
        release();
        if (isTransportError(error) && delivery.stage !== "ended") delivery.failed(error);
        else {
          answered();
          delivery.done();
          reject(error);
        }
      });
    });
  }

  drop(): void {
    if (this.#isServed) return;
    const { call, exchange } = this.#init;
    exchange.delivery.done();
    const error = phaseError("total");
    call.cancel(error);
    exchange.abort(error);
  }

  begin(status: number, raw: readonly string[]): void {
    const { resume } = this.#init.exchange;
    this.#pass((handler) => handler.onHeaders(status, raw, resume));
  }

  push(chunk: Buffer): boolean {
    const { delivery } = this.#init.exchange;
    const mayContinue = this.#pass((handler) => handler.onData(chunk));
    // The replica cannot send while the client is slow.
    if (delivery.stage === "answering") delivery.waitFor(mayContinue ? "idle" : "total");
    return mayContinue;
  }

  end(): void {
    this.#pass((handler) => handler.onComplete() ?? undefined);
  }

  break(error: Error): void {
    this.#pass((handler) => handler.onError(error) ?? undefined);
  }

  fail(error: ProtocolError): void {
    this.#failure = error;
    this.#reject?.(error);
    this.#failed.abort(error);
  }

  #pass(event: Event): boolean {
    if (this.#handler !== undefined) return event(this.#handler) !== false;
    this.#kept.push(event);
    return false;
  }

  #attach(handler: WireHandler): boolean {
    const { abort, resume } = this.#init.exchange;
    this.#handler = handler;
    handler.onConnect(abort);
    const mayContinue = this.#kept.map((event) => event(handler) !== false).every(Boolean);
    this.#kept = [];
    if (mayContinue) resume();
    return true;
  }
}
