/** Failures after which the same request may succeed. */
import { isProtocolError } from "./errors.ts";
import { isTransportError } from "./transport-error.ts";

/**
 * Returns true for a failure of the network or of the server as a whole: a lost connection, a
 * timeout, an internal error, an overloaded server. Returns false for an answer about the request
 * itself, which would be the same the next time, and for a malformed one.
 *
 * The request may have been executed; see `mayRunTwice` before sending it again.
 */
export function isTransient(error: unknown): boolean {
  if (isProtocolError(error)) return error.reason === "internalError";
  if (!isTransportError(error)) return false;
  const { reason, status = 0 } = error;
  if (reason === "http") return status >= 500 || status === 429 || status === 408;
  return reason === "closed" || reason === "timeout";
}
