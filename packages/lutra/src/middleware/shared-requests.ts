/** Requests in flight for which several callers wait: equal requests are sent once. */
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { OpenMap } from "../protocol/open-entries.ts";
import { abortError, unlessAborted } from "../time/abort.ts";
import type { CacheKeys } from "./cache-keys.ts";

/** A request, and the rules for sharing an answer with it. */
export interface Waiter {
  /** The same for all requests that one answer can serve. */
  readonly name: string | symbol;
  readonly keys: CacheKeys;
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
  /** Called with the result if this request is the one that is sent and was not invalidated. */
  readonly onResult: (result: Result) => Promise<void>;
  /** Returns this request's result, given another one's; `undefined` if it can't be shared. */
  readonly share: (result: Result, from: CacheKeys) => Result | undefined;
  /** Returns true when this request fails with the error of the request that was sent. */
  readonly sharesFailure: (error: unknown, from: CacheKeys) => boolean;
  /** Sends this request by itself, after an answer that can't be shared. */
  readonly sendAlone: () => Promise<Result>;
}

/** Chooses the answer that a request waits for. */
export type Join = (requests: SharedRequests, waiter: Waiter) => Promise<Result>;

interface InFlight {
  readonly name: string | symbol;
  readonly answer: Promise<Result>;
  readonly controller: AbortController;
  /** The keys of the request that was sent. */
  readonly keys: CacheKeys;
  waiting: number;
  isInvalid: boolean;
}

export class SharedRequests {
  readonly #inFlight = new OpenMap<string | symbol, InFlight>();

  /** Waits for the answer to an equal request in flight, or sends this one. */
  async join(waiter: Waiter): Promise<Result> {
    const { name, context } = waiter;
    if (context.signal.aborted) throw abortError(context.signal);
    const existing = this.#inFlight.get(name);
    if (existing === undefined) return this.#wait(this.#start(waiter), waiter);
    let shared: Result | undefined;
    try {
      shared = waiter.share(await this.#wait(existing, waiter), existing.keys);
    } catch (error) {
      if (context.signal.aborted || waiter.sharesFailure(error, existing.keys)) throw error;
    }
    return shared ?? waiter.sendAlone();
  }

  /** Marks answers in flight as out of date: not to be cached, nor joined by later requests. */
  invalidate({ method, params }: { readonly method: string; readonly params?: string }): void {
    for (const entry of this.#inFlight.values()) {
      const { public: key } = entry.keys;
      if (key.method !== method || (params ?? key.params) !== key.params) continue;
      entry.isInvalid = true;
      this.#inFlight.delete(entry.name);
    }
  }

  async #wait(entry: InFlight, { name, context: { signal } }: Waiter): Promise<Result> {
    entry.waiting += 1;
    try {
      return await unlessAborted(entry.answer, signal);
    } finally {
      entry.waiting -= 1;
      if (signal.aborted && entry.waiting === 0) {
        this.#remove(name, entry);
        entry.controller.abort(signal.reason);
      }
    }
  }

  #start({ name, keys, request, context, next, onResult }: Waiter): InFlight {
    const controller = new AbortController();
    const answer = next(request, { ...context, signal: controller.signal })
      .then(async (result) => {
        if (!entry.isInvalid) await onResult(result);
        return result;
      })
      .finally(() => this.#remove(name, entry));
    const entry: InFlight = { name, answer, controller, keys, waiting: 0, isInvalid: false };
    this.#inFlight.set(name, entry);
    return entry;
  }

  #remove(name: string | symbol, entry: InFlight): void {
    if (this.#inFlight.get(name) === entry) this.#inFlight.delete(name);
  }
}
