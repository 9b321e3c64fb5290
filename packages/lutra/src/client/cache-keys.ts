/**
 * What identifies a cached response: the method, and everything in the request that may affect the
 * result.
 *
 * @spec server/utilities/caching#cache-key
 */
import { canonicalJSON, isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { ResponseCacheKey } from "../stores/response-cache.ts";

export interface CacheKeys {
  /** Shared by all callers. */
  readonly public: ResponseCacheKey;
  /** Shared within one authorization context; absent where that is not known. */
  readonly private: ResponseCacheKey | undefined;
  /** The same for requests on their way that one answer can serve. */
  readonly flight: string;
}

/** Members of `_meta` that say nothing about what is asked for. */
const irrelevant = new Set<string>([
  metaKeys.progressToken,
  metaKeys.clientInfo,
  metaKeys.logLevel,
  "traceparent",
  "tracestate",
  "baggage",
]);

export function cacheKeys(
  { id, method, params = {} }: JSONRPCRequest,
  { server, partition }: { readonly server: string; readonly partition: string | undefined },
): CacheKeys {
  const { _meta, ...rest } = params;
  const shared = { server, method, params: canonicalJSON(rest) };
  // Servers may answer by version and by capability, so these are part of both partitions.
  const variant = canonicalJSON(relevantMembers(_meta));
  const known = partition !== undefined;
  const isPrivate = `private ${JSON.stringify(partition)} ${variant}`;
  return {
    public: { ...shared, partition: `public ${variant}` },
    private: known ? { ...shared, partition: isPrivate } : undefined,
    flight: known && !hasNotifications(_meta) ? `${method} ${shared.params} ${variant}` : `${id}`,
  };
}

/** True for requests whose notifications are for one caller alone. */
function hasNotifications(meta: unknown): boolean {
  if (!isObject(meta)) return false;
  return meta[metaKeys.progressToken] !== undefined || meta[metaKeys.logLevel] !== undefined;
}

function relevantMembers(meta: unknown): JSONObject {
  if (!isObject(meta)) return {};
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !irrelevant.has(key)));
}
