/** Bounds the time that work may take. */
import { unlessAborted } from "./abort.ts";

export interface Bounds {
  readonly signal: AbortSignal;
  readonly ms: number;
  /** Creates the error for work that takes longer than `ms`. */
  readonly tooLate: () => Error;
}

/**
 * Runs work until it settles, the signal aborts, or `ms` have passed, whichever is first. The work
 * gets a signal that aborts with it.
 */
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
