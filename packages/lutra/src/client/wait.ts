/** Waiting for work that an abort ends at once. */

import { unlessAborted } from "../time/abort.ts";

/** Awaits `work`, but no longer than until the signal, where there is one, aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? work : unlessAborted(work, signal);
}
