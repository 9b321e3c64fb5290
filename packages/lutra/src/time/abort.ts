/** What to do about the signal of a request. */
import { isTransportError, TransportError } from "../protocol/transport-error.ts";

/** Why an aborted request failed. A reason that is a `TransportError` already says it. */
export function abortError(signal: AbortSignal): TransportError {
  const { reason } = signal;
  if (isTransportError(reason)) return reason;
  return new TransportError("aborted", "The request was aborted", { cause: reason });
}

/**
 * Awaits `work`, but no longer than until `signal` aborts.
 *
 * @throws {TransportError} the signal's `abortError`
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
