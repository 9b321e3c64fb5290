/** Waiting that an abort ends at once. */

import { unlessAborted } from "./abort.ts";
import { maxTimerMs } from "./max-timer.ts";

/** How long to wait before attempts, in milliseconds. */
export interface Pace {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Waits for `ms` milliseconds, at most for as long as a timer can.
 *
 * @throws {TransportError} when the signal, where there is one, aborts first
 */
export function delay(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxTimerMs));
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * How long to wait before attempt `attempt`, counted from 0, in milliseconds: twice as long each
 * time up to `maxMs`, of which up to half is left to chance so that not all come at once.
 */
export function backoffMs(attempt: number, random: () => number, { baseMs, maxMs }: Pace): number {
  const full = Math.min(maxMs, baseMs * 2 ** attempt);
  return full * (1 - random() / 2);
}
