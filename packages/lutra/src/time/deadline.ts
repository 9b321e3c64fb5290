/**
 * How long a request may take.
 *
 * @spec basic/patterns/cancellation#timeouts
 */

import { TransportError } from "../protocol/transport-error.ts";
import { maxTimerMs } from "./max-timer.ts";

export interface Timeouts {
  /** The longest silence, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest time in all, in milliseconds. */
  readonly maxTimeoutMs: number;
}

/** A clock for one request: progress restarts the silence, nothing restarts the whole. */
export class Deadline {
  readonly #timeouts: Timeouts;
  readonly #expire: (error: TransportError) => void;
  readonly #startedAt = performance.now();
  #activeAt = this.#startedAt;
  #timer: ReturnType<typeof setTimeout>;
  #isStopped = false;

  constructor(timeouts: Timeouts, expire: (error: TransportError) => void) {
    this.#timeouts = timeouts;
    this.#expire = expire;
    this.#timer = this.#arm(Math.min(timeouts.timeoutMs, timeouts.maxTimeoutMs));
  }

  /** Restarts the silence. The timer finds out when it fires, so that progress stays cheap. */
  extend(): void {
    this.#activeAt = performance.now();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** True as soon as nobody waits any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  #arm(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(this.#check, Math.min(Math.ceil(ms), maxTimerMs));
  }

  readonly #check = (): void => {
    const { timeoutMs, maxTimeoutMs } = this.#timeouts;
    const now = performance.now();
    const silence = this.#activeAt + timeoutMs - now;
    const whole = this.#startedAt + maxTimeoutMs - now;
    const left = Math.min(silence, whole);
    // Timers may fire a little early.
    if (left >= 1) this.#timer = this.#arm(left);
    else this.#expire(timeoutError(whole < silence ? maxTimeoutMs : timeoutMs));
  };
}

function timeoutError(ms: number): TransportError {
  return new TransportError("timeout", `No result within ${ms} milliseconds`);
}
