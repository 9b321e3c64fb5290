/** The point at which a program observes the work of a server, for example to create spans. */
import type { Middleware } from "../../protocol/exchange.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";

/** A round that is about to run. */
export interface ObservedRound {
  readonly request: JSONRPCRequest;
  /** True for an attempt at a task, which runs outside of the request that created it. */
  readonly isDetached: boolean;
  /** The `traceparent` of the first round of the exchange; undefined in the first round. */
  readonly firstTrace: string | undefined;
}

/** A task that this process has created, or whose status it has changed. */
export interface ObservedTask {
  readonly tool: string;
  /** The new status, such as `working` or `completed`. */
  readonly status: string;
}

/** Returns true if an observer exists and has something to record. */
export function isActive(observer: Observer | undefined): boolean {
  return observer !== undefined && (observer.isActive === undefined || observer.isActive());
}

/** Observes requests, rounds, steps and tasks. A server without an observer does no work for one. */
export interface Observer {
  /**
   * Returns false while the observer has nothing to record. `middleware`, `round` and `step` are then
   * not called. Asked for each request, round and step, so it should be fast.
   * @default () => true
   */
  readonly isActive?: () => boolean;
  /** Wraps every admitted request, outside of the middleware of the server. */
  readonly middleware?: Middleware;
  /** Wraps every execution of a handler. Returns what `run` returns. */
  readonly round?: <T>(round: ObservedRound, run: () => T | Promise<T>) => T | Promise<T>;
  /** Wraps the effect of a step, with all of its tries. Returns what `run` returns. */
  readonly step?: <T>(name: string, run: () => Promise<T>) => Promise<T>;
  /** Called when this process has created a task, or changed its status. Must not throw. */
  readonly task?: (task: ObservedTask) => void;
}
