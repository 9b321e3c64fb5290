/** Errors of aborted requests, and waiting that an abort ends. */
import { isTransportError, TransportError } from "../protocol/transport-error.ts";

/** Returns the error of an aborted request: the signal's reason when it is a `TransportError`. */
export function abortError(signal: AbortSignal): TransportError {
  const { reason } = signal;
  if (isTransportError(reason)) return reason;
  return new TransportError("aborted", "The request was aborted", { cause: reason });
}

/**
 * Awaits `work`, at most until `signal` aborts.
 *
 * @throws {TransportError} the signal's `abortError`
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    const forget = (): void => signal.removeEventListener("abort", abort);
    work.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error) => {
        forget();
        reject(error);
      },
    );
  });
}

/** Creates a controller that aborts with `signal`. */
export function linkAbort(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  return controller;
}
