/** Waiting that an abort ends at once. */
import { maxTimerMs, unlessAborted } from "lutra/protocol";

/** How long to wait before attempts, in milliseconds. */
export interface Pace {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Waits; rejects when the signal aborts first. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, maxTimerMs));
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * The wait before attempt `attempt`, counted from 0: twice as long each time, of which up to half is
 * left to chance, so that gateways do not come all at once.
 */
export function backoffMs(attempt: number, random: () => number, { baseMs, maxMs }: Pace): number {
  return Math.min(maxMs, baseMs * 2 ** attempt) * (1 - random() / 2);
}

export interface Bounds {
  readonly signal: AbortSignal;
  readonly ms: number;
  /** The error of work that takes longer. */
  readonly tooLate: () => Error;
}

/** Does work that ends when the signal aborts or the time is over, whatever it does about it. */
export async function within<T>(
  { signal, ms, tooLate }: Bounds,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  let error: Error | undefined;
  const timer = setTimeout(() => {
    error = tooLate();
    controller.abort(error);
  }, ms);
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } catch (thrown) {
    throw error ?? thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
