import { isProtocolError } from "../protocol/errors.ts";
import { isTransient } from "../protocol/transient.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/**
 * Returns true when the server is unavailable, so that a stale response may replace its answer. This
 * is narrower than `isTransient`: a server that reports an internal error or asks for fewer requests
 * has answered. A gateway reports an unavailable upstream as an internal error with a status of 502
 * or above.
 */
export function isOutage(error: unknown): boolean {
  if (!isTransient(error)) return false;
  if (isProtocolError(error)) return error.status >= 502;
  return isTransportError(error) && (error.status ?? 500) >= 500;
}
