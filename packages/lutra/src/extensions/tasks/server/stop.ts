/**
 * How a run is told to stop. Signals cost as much as the rest of a short run, and most handlers
 * never look at theirs.
 */
import type { RequestContext } from "../../../protocol/exchange.ts";
import type { RequestMeta } from "../../../protocol/meta.ts";

/** An `AbortController` that makes its signal when somebody asks for it. */
export class Stop {
  #controller: AbortController | undefined;
  #reason: { readonly reason: unknown } | undefined;

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): unknown {
    return this.#reason?.reason;
  }

  /** The first reason is the one that counts. */
  abort(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = { reason };
    this.#controller?.abort(reason);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.reason);
    }
    return this.#controller.signal;
  }
}

/** The context of a run that no request waits for: neither progress nor log messages exist for it. */
export class RunContext implements RequestContext {
  readonly principal: RequestContext["principal"];
  readonly meta: RequestMeta;
  readonly #stop: Stop;

  constructor(stop: Stop, principal: RequestContext["principal"], meta: RequestMeta) {
    this.#stop = stop;
    this.principal = principal;
    this.meta = meta;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  notify(): void {}
}

/** Who hears that a signal has aborted. Of all that wait for the same one, it knows one listener. */
export interface Losses {
  /** Calls `onLost` when the signal aborts, at once if it has; returns what takes that back. */
  readonly add: (signal: AbortSignal, onLost: () => void) => () => void;
}

/** A store may give all runs of a worker one signal, and Node warns of signals with many listeners. */
export function createLosses(): Losses {
  const waiting = new WeakMap<AbortSignal, Set<() => void>>();
  return {
    add: (signal, onLost) => {
      if (signal.aborted) onLost();
      const known = waiting.get(signal);
      const all = known ?? new Set();
      all.add(onLost);
      if (known === undefined) {
        waiting.set(signal, all);
        const tellAll = () => {
          for (const one of all) one();
        };
        signal.addEventListener("abort", tellAll, { once: true });
      }
      return () => {
        all.delete(onLost);
      };
    },
  };
}
