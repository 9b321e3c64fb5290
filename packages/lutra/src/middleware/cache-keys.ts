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
  request: JSONRPCRequest,
  { server, partition }: { readonly server: string; readonly partition: string | undefined },
): CacheKeys {
  const { method, params: all = {} } = request;
  const params = paramsText(all);
  // Servers may answer by version and by capability, so these are part of both partitions.
  const variant = variantOf(isObject(all._meta) ? all._meta : {});
  return {
    public: { server, method, params, partition: `public ${variant}` },
    private:
      partition === undefined
        ? undefined
        : { server, method, params, partition: `private ${JSON.stringify(partition)} ${variant}` },
  };
}

/** True for requests whose notifications are for one caller alone. */
export function hasNotifications({ params }: JSONRPCRequest): boolean {
  const meta = params?._meta;
  if (!isObject(meta)) return false;
  return meta[metaKeys.progressToken] !== undefined || meta[metaKeys.logLevel] !== undefined;
}

/** Most requests that can be cached have no more than one parameter. */
function paramsText(all: JSONObject): string {
  let name: string | undefined;
  for (const key in all) {
    if (key === "_meta") continue;
    if (name !== undefined || typeof all[key] !== "string") {
      const { _meta, ...params } = all;
      return canonicalJSON(params);
    }
    name = key;
  }
  return name === undefined ? "{}" : `{${JSON.stringify(name)}:${JSON.stringify(all[name])}}`;
}

/** Variants by their members as they came: clients write the same again and again. */
const variants = new Map<string, string>();
const maxVariants = 256;
const maxVariantLength = 2048;

/** A text as it is after its length, so that it can't pass for anything else; the rest as JSON. */
function written(value: unknown): string {
  return typeof value === "string" ? `${value.length} ${value}` : JSON.stringify(value);
}

function variantOf(meta: JSONObject): string {
  let members = "";
  for (const key in meta) {
    // The length keeps keys, which may be anything, from running into values.
    if (!irrelevant.has(key)) members += `${key.length} ${key}${written(meta[key])}\n`;
  }
  const known = variants.get(members);
  if (known !== undefined) return known;
  const relevant = Object.entries(meta).filter(([key]) => !irrelevant.has(key));
  const variant = canonicalJSON(Object.fromEntries(relevant));
  if (members.length > maxVariantLength) return variant;
  if (variants.size >= maxVariants) variants.clear();
  variants.set(members, variant);
  return variant;
}
