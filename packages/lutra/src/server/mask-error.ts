/** The masking of errors for the peer. */
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";
import { HandlerError } from "./handler/handler-error.ts";

/**
 * Returns the error that the peer receives. A protocol error of this side is returned unchanged. Any
 * other error, including one from another server, is passed to `report` and becomes an internal
 * error. Its message is hidden, because it may contain secrets, except for a `HandlerError`.
 */
export function maskError(thrown: unknown, report: (error: unknown) => void): ProtocolError {
  if (isProtocolError(thrown) && !thrown.peer) return thrown;
  report(thrown);
  const message = thrown instanceof HandlerError ? thrown.message : "Internal error";
  return new ProtocolError("internalError", message, { cause: thrown });
}
