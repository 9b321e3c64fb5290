/** What the peer may learn of a failure. */
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";

/**
 * A protocol error of this side as it is; anything else as an internal error that keeps its cause,
 * which `report` hears of. What another server said is not for this peer.
 */
export function maskError(thrown: unknown, report: (error: unknown) => void): ProtocolError {
  if (isProtocolError(thrown) && !thrown.peer) return thrown;
  report(thrown);
  return new ProtocolError("internalError", "Internal error", { cause: thrown });
}
