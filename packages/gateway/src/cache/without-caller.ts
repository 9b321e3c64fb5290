/** Removes the parts of a request that describe its caller and are not part of a cache key. */
import { isTraceparent, keyedMeta } from "lutra/internal";
import { isObject, type JSONRPCRequest, metaKeys } from "lutra/protocol";
import { randomId } from "lutra/server";
import { ownMeta } from "../replicas/own-meta.ts";

/**
 * Returns the request with the gateway's id and client information, and with the members of `_meta`
 * on which a cached response depends. It keeps a well-formed `traceparent`, which consists of ids.
 *
 * @spec server/utilities/caching#cache-key
 */
export function withoutCaller({ method, params = {} }: JSONRPCRequest): JSONRPCRequest {
  const sent = isObject(params._meta) ? params._meta : {};
  const { traceparent } = sent;
  const _meta = {
    ...keyedMeta(sent),
    [metaKeys.clientInfo]: ownMeta[metaKeys.clientInfo],
    ...(isTraceparent(traceparent) && { traceparent }),
  };
  return { jsonrpc: "2.0", id: `gateway-${randomId(9)}`, method, params: { ...params, _meta } };
}
