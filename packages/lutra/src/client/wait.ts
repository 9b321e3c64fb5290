/** Waiting that an abort ends at once. */

import { unlessAborted } from "../protocol/abort.ts";
import { maxTimerMs } from "../protocol/timer.ts";

/** Awaits `work`, but no longer than until the signal, where there is one, aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? work : unlessAborted(work, signal);
}

/** Waits; rejects when the signal aborts first. */
export function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxTimerMs));
  });
  return untilAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * How long to wait before attempt `attempt`, counted from 0, in milliseconds: twice as long each
 * time up to `maxMs`, of which up to half is left to chance so that clients do not come all at once.
 */
export function backoffMs(
  attempt: number,
  random: () => number,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
): number {
  const full = Math.min(maxMs, baseMs * 2 ** attempt);
  return full * (1 - random() / 2);
}
