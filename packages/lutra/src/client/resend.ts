/**
 * The two failures after which a request is sent once more: its connection broke, or the server
 * refused its protocol version.
 */
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { isTransportError } from "../protocol/transport-error.ts";
import type { RequestMetaSource } from "./request-meta.ts";
import type { Versions } from "./versioning.ts";

/**
 * Sends a request once more, with a new id, when its connection broke. The server may have executed
 * it, so this is done only for requests that may run twice. Others fail with the `closed` error.
 *
 * @spec basic/index#requests, basic/transports/stdio#unexpected-termination
 */
export function resendBroken(
  mayRunTwice: (request: JSONRPCRequest) => boolean,
  nextId: () => number,
): Middleware {
  return (next) => (request, context) => {
    const first = next(request, context);
    if (!mayRunTwice(request)) return first;
    return first.catch((error) => {
      const isBroken = isTransportError(error) && error.reason === "closed";
      if (!isBroken || context.signal.aborted) throw error;
      return next({ ...request, id: nextId() }, context);
    });
  };
}

/**
 * Sends a request once more in a version that client and server have in common. The server may even
 * list the version that it has just refused, because several servers may share one address.
 *
 * @spec basic/versioning#protocol-version-negotiation
 */
export function renegotiateVersion(
  versions: Versions,
  meta: RequestMetaSource,
  nextId: () => number,
): Middleware {
  return (next) => async (request, context) => {
    try {
      return await next(request, context);
    } catch (error) {
      if (context.signal.aborted || !versions.renegotiate(error)) throw error;
      const { params } = request;
      const _meta = {
        ...(params?._meta as object | undefined),
        [metaKeys.protocolVersion]: meta.version(),
      };
      return next({ ...request, id: nextId(), params: { ...params, _meta } }, context);
    }
  };
}
