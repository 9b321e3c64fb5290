import type { ConcurrencyLimiter } from "../shared/shared-stores.ts";

/** Creates a limit that counts the requests of this process. */
export function createLocalConcurrency(max: number): ConcurrencyLimiter {
  const inFlight = new InFlight();
  return {
    enter: (key) => (inFlight.enter(key, max) ? () => inFlight.leave(key) : undefined),
  };
}

/** Counts the requests in flight for each key. */
class InFlight {
  readonly #counts = new Map<string, number>();

  /** Counts one more request for `key`. Returns false when `max` are in flight already. */
  enter(key: string, max: number): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count >= max) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  /** Undoes one `enter` that returned true. */
  leave(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
