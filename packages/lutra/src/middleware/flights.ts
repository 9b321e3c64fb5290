/**
 * Requests on their way that several callers wait for: equal requests at the same time become one.
 */

import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { abortError, unlessAborted } from "../time/abort.ts";
import type { CacheKeys } from "./cache-keys.ts";

interface Flight {
  readonly answer: Promise<Result>;
  readonly controller: AbortController;
  /** Those of the request that is answered. */
  readonly keys: CacheKeys;
  waiting: number;
  isOutdated: boolean;
}

/** A request, and how its answer may be shared. */
export interface Passenger {
  /** Equal for requests that one answer can serve. */
  readonly name: string | symbol;
  readonly keys: CacheKeys;
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
  /** Called, should it be the first, with a result that nothing has outdated on its way. */
  readonly onLanded: (result: Result) => Promise<void>;
  /** Makes of the answer to another request what this one gets; `undefined` where it can't. */
  readonly share: (result: Result, from: CacheKeys) => Result | undefined;
  /** Whether the failure of another request is also that of this one. */
  readonly fails: (error: unknown, from: CacheKeys) => boolean;
  /** Gets an answer where that of the other request is none for this one. */
  readonly alone: () => Promise<Result>;
}

/** Chooses the answer that a request waits for. */
export type Join = (flights: Flights, passenger: Passenger) => Promise<Result>;

export class Flights {
  readonly #flights = new Map<string | symbol, Flight>();

  /** Waits for the answer to an equal request, or sends this one. */
  async join(passenger: Passenger): Promise<Result> {
    const { name, context } = passenger;
    if (context.signal.aborted) throw abortError(context.signal);
    const existing = this.#flights.get(name);
    if (existing === undefined) return this.#wait(this.#start(passenger), passenger);
    let shared: Result | undefined;
    try {
      shared = passenger.share(await this.#wait(existing, passenger), existing.keys);
    } catch (error) {
      if (context.signal.aborted || passenger.fails(error, existing.keys)) throw error;
    }
    return shared ?? passenger.alone();
  }

  /** Keeps answers on their way from being kept, and from being given to those who ask later. */
  outdate({ method, params }: { readonly method: string; readonly params?: string }): void {
    for (const [name, flight] of this.#flights) {
      const { public: key } = flight.keys;
      if (key.method !== method || (params ?? key.params) !== key.params) continue;
      flight.isOutdated = true;
      this.#flights.delete(name);
    }
  }

  async #wait(flight: Flight, { name, context: { signal } }: Passenger): Promise<Result> {
    flight.waiting += 1;
    try {
      return await unlessAborted(flight.answer, signal);
    } finally {
      flight.waiting -= 1;
      if (signal.aborted && flight.waiting === 0) {
        this.#remove(name, flight);
        flight.controller.abort(signal.reason);
      }
    }
  }

  #start({ name, keys, request, context, next, onLanded }: Passenger): Flight {
    const controller = new AbortController();
    const answer = next(request, { ...context, signal: controller.signal })
      .then(async (result) => {
        if (!flight.isOutdated) await onLanded(result);
        return result;
      })
      .finally(() => this.#remove(name, flight));
    const flight: Flight = { answer, controller, keys, waiting: 0, isOutdated: false };
    this.#flights.set(name, flight);
    return flight;
  }

  #remove(name: string | symbol, flight: Flight): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }
}
