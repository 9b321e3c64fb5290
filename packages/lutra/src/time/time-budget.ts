import { timeoutError } from "./deadline.ts";
import { within } from "./within.ts";

/** The time that one call may wait for its server, over all requests that it sends. */
export class TimeBudget {
  /** The whole time, in milliseconds. */
  readonly totalMs: number;
  #spentMs = 0;

  constructor(totalMs: number) {
    this.totalMs = totalMs;
  }

  /** The time that was spent, in milliseconds. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** The time that is left, in milliseconds; 0 or less when there is none. */
  get leftMs(): number {
    return this.totalMs - this.#spentMs;
  }

  /** Spends `ms` milliseconds. The time of the host's handlers is not spent. */
  add(ms: number): void {
    this.#spentMs += ms;
  }

  /**
   * Waits for work until it settles or the signal aborts, at most for the time that is left and for
   * `timeoutMs`. The work gets a signal that aborts with the waiting.
   *
   * @throws {TransportError} `timeout` or `aborted`
   */
  async wait<T>(
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    const tooLate = () => timeoutError(this.leftMs < timeoutMs ? this.totalMs : timeoutMs);
    try {
      return await within({ signal, ms: Math.min(timeoutMs, this.leftMs), tooLate }, work);
    } finally {
      this.add(performance.now() - startedAt);
    }
  }
}
