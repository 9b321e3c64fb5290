/** The masking of errors for the peer. */
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";

/**
 * Returns the error that the peer receives. A protocol error of this side is returned unchanged. Any
 * other error, including one from another server, is passed to `report` and becomes an internal
 * error.
 */
export function maskError(thrown: unknown, report: (error: unknown) => void): ProtocolError {
  if (isProtocolError(thrown) && !thrown.peer) return thrown;
  report(thrown);
  return new ProtocolError("internalError", "Internal error", { cause: thrown });
}
