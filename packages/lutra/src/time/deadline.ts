/**
 * The time limits of a request.
 *
 * @spec basic/patterns/cancellation#timeouts
 */

import { TransportError } from "../protocol/transport-error.ts";
import { maxTimerMs } from "./max-timer.ts";

export interface Timeouts {
  /** Maximum time without a result or progress, in milliseconds. */
  readonly timeoutMs: number;
  /** Maximum total time, in milliseconds. */
  readonly maxTimeoutMs: number;
  /** The part of the total time that was spent on earlier requests, in milliseconds. @default 0 */
  readonly spentMs?: number;
}

/** The timer of one request. Progress restarts `timeoutMs`; nothing restarts `maxTimeoutMs`. */
export class Deadline {
  readonly #timeouts: Timeouts;
  readonly #expire: (ms: number) => void;
  readonly #sentAt = performance.now();
  /** The time at which the call would have started with this request. */
  readonly #startedAt: number;
  #activeAt = this.#sentAt;
  #timer: ReturnType<typeof setTimeout>;
  #isStopped = false;

  /** @param expire Called with the limit that was exceeded, in milliseconds */
  constructor(timeouts: Timeouts, expire: (ms: number) => void) {
    this.#timeouts = timeouts;
    this.#expire = expire;
    const { timeoutMs, maxTimeoutMs, spentMs = 0 } = timeouts;
    this.#startedAt = this.#sentAt - spentMs;
    this.#timer = this.#arm(Math.min(timeoutMs, maxTimeoutMs - spentMs));
  }

  /** Restarts `timeoutMs`. The timer is adjusted only when it fires, so that progress stays cheap. */
  extend(): void {
    this.#activeAt = performance.now();
  }

  /** Stops the timer. Returns the time since the request was sent, in milliseconds. */
  stop(): number {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    return performance.now() - this.#sentAt;
  }

  /** True when the request has ended. */
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
    else this.#expire(whole < silence ? maxTimeoutMs : timeoutMs);
  };
}

/**
 * The error of a request without a result in time.
 *
 * @param where The server and the method of the request
 */
export function timeoutError(ms: number, where?: string): TransportError {
  const message = `no result within ${ms} milliseconds`;
  return new TransportError("timeout", where === undefined ? message : `${where}: ${message}`);
}
