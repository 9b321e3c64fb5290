/**
 * The aborts of requests without a signal, for code that runs for each request. A signal with a
 * listener costs a twentieth of a call that a gateway translates, and nearly all calls end without
 * an abort.
 */
import type { RequestContext } from "./exchange.ts";

/** The abort of one request. */
export interface Aborts {
  readonly isAborted: boolean;
  /** Adds a listener for an abort that has not happened yet. */
  onAbort(listener: () => void): void;
  offAbort(listener: () => void): void;
}

/**
 * A context whose signal is created on first access. Copies with `{ ...context }` have the signal and
 * neither of the other two members.
 */
export interface LazyContext extends RequestContext {
  readonly aborts: Aborts;
  /** Returns a copy with other members. */
  copyWith(members: CopiedMembers): RequestContext;
}

/** The members that a copy may replace. */
export type CopiedMembers = Partial<Omit<RequestContext, "signal">>;

type AnyContext = RequestContext & Partial<LazyContext>;

/** Copies a context and replaces members, if possible without creating its signal. */
export function copyContext(context: AnyContext, members: CopiedMembers): RequestContext {
  return context.copyWith?.(members) ?? { ...context, ...members };
}

/** Returns the aborts of a request, if possible without creating its signal. */
export function abortsOf(context: AnyContext): Aborts {
  return context.aborts ?? new SignalAborts(context.signal);
}

class SignalAborts implements Aborts {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isAborted(): boolean {
    return this.#signal.aborted;
  }

  onAbort(listener: () => void): void {
    this.#signal.addEventListener("abort", listener);
  }

  offAbort(listener: () => void): void {
    this.#signal.removeEventListener("abort", listener);
  }
}
