/** Delays and backoff. An abort ends a delay at once. */

import { unlessAborted } from "./abort.ts";
import { maxTimerMs } from "./max-timer.ts";

/** The shortest and the longest pause before an attempt, in milliseconds. */
export interface Pace {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Waits for `ms` milliseconds, at most `maxTimerMs`.
 *
 * @throws {TransportError} when the signal, if any, aborts first
 */
export function delay(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxTimerMs));
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * Returns the pause before attempt `attempt`, counted from 0, in milliseconds. It doubles with each
 * attempt up to `maxMs`. Up to half of it is random, so that clients do not retry at the same time.
 */
export function backoffMs(attempt: number, random: () => number, { baseMs, maxMs }: Pace): number {
  const full = Math.min(maxMs, baseMs * 2 ** attempt);
  return full * (1 - random() / 2);
}
