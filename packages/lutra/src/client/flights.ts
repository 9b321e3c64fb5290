/**
 * Requests on their way that several callers wait for: equal requests at the same time become one.
 */

import type { RequestContext, Serve } from "../protocol/exchange.ts";
import { inputRequired } from "../protocol/input-required.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { abortError } from "../transport/abort.ts";
import type { CacheKeys } from "./cache-keys.ts";

interface Flight {
  readonly answer: Promise<Result>;
  readonly controller: AbortController;
  readonly method: string;
  readonly params: string;
  waiting: number;
  isOutdated: boolean;
}

/** One caller of a flight, and what to do should it be the first. */
export interface Passenger {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
  /** Called with a result that nothing has outdated while it was on its way. */
  readonly onLanded: (result: Result) => Promise<void>;
}

export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Waits for the answer to an equal request, or sends this one. */
  async join(keys: CacheKeys, passenger: Passenger): Promise<Result> {
    const { request, context, next } = passenger;
    if (context.signal.aborted) throw abortError(context.signal);
    const existing = this.#flights.get(keys.flight);
    const flight = existing ?? this.#start(keys, passenger);
    const leave = () => {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#end(keys.flight, flight, context.signal.reason);
    };
    flight.waiting += 1;
    context.signal.addEventListener("abort", leave);
    try {
      const result = await flight.answer;
      if (existing === undefined) return result;
      // What it asks for, and its state, are for the request that was answered and for no other.
      if (result.resultType === inputRequired) return next(request, context);
      return structuredClone(result);
    } finally {
      context.signal.removeEventListener("abort", leave);
    }
  }

  /** Keeps answers on their way from being kept, and from being given to those who ask later. */
  outdate({ method, params }: { readonly method: string; readonly params?: string }): void {
    for (const [name, flight] of this.#flights) {
      if (flight.method !== method || (params ?? flight.params) !== flight.params) continue;
      flight.isOutdated = true;
      this.#flights.delete(name);
    }
  }

  #start(
    { flight: name, public: { method, params } }: CacheKeys,
    { request, context, next, onLanded }: Passenger,
  ): Flight {
    const controller = new AbortController();
    const answer = next(request, { ...context, signal: controller.signal })
      .then(async (result) => {
        if (!flight.isOutdated) await onLanded(result);
        return result;
      })
      .finally(() => this.#remove(name, flight));
    const flight: Flight = { answer, controller, method, params, waiting: 0, isOutdated: false };
    this.#flights.set(name, flight);
    return flight;
  }

  /** Nobody waits any more. */
  #end(name: string, flight: Flight, reason: unknown): void {
    this.#remove(name, flight);
    flight.controller.abort(reason);
  }

  #remove(name: string, flight: Flight): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }
}
