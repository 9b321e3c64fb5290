/**
 * What to do about a connection that breaks before the response: the request may have been
 * executed, so it is sent again only where a second execution does no harm.
 */
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/**
 * Sends a safe request once more, with a new id, when its connection broke. Other requests fail
 * with the `closed` error.
 *
 * @spec basic/index#requests, basic/transports/stdio#unexpected-termination
 */
export function resendSafe(
  isSafe: (request: JSONRPCRequest) => boolean,
  nextId: () => number,
): Middleware {
  return (next) => (request, context) => {
    const first = next(request, context);
    if (!isSafe(request)) return first;
    return first.catch((error) => {
      const isBroken = isTransportError(error) && error.reason === "closed";
      if (!isBroken || context.signal.aborted) throw error;
      return next({ ...request, id: nextId() }, context);
    });
  };
}
