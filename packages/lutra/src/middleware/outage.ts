import { isProtocolError } from "../protocol/errors.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/**
 * True for failures of the network or the server as a whole, not for what a server says. A gateway
 * tells of them by internal errors with a status of 502 or above.
 */
export function isOutage(error: unknown): boolean {
  if (isProtocolError(error)) return error.reason === "internalError" && error.status >= 502;
  if (!isTransportError(error)) return false;
  if (error.reason === "http") return (error.status ?? 0) >= 500;
  return error.reason === "closed" || error.reason === "timeout";
}
