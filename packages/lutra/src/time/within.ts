/** Bounds the time that work may take. */
import { unlessAborted } from "./abort.ts";
import { maxTimerMs } from "./max-timer.ts";

export interface Bounds {
  /** Ends the work early, if given. */
  readonly signal?: AbortSignal | undefined;
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
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  let error: Error | undefined;
  const timer = setTimeout(
    () => {
      error = tooLate();
      controller.abort(error);
    },
    Math.min(ms, maxTimerMs),
  );
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } catch (thrown) {
    throw error ?? thrown;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Resolves to true when `work` settles within `ms` milliseconds, and to false otherwise. */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, maxTimerMs));
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
