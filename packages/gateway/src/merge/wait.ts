/** Work whose time is bounded. */
import { unlessAborted } from "lutra/protocol";

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
