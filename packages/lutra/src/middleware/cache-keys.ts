/**
 * The keys of cached responses: the method, and all members of the request that may affect the
 * result.
 *
 * @spec server/utilities/caching#cache-key
 */
import { canonicalJSON, isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { BoundedMap } from "../stores/bounded-map.ts";
import type { ResponseCacheKey } from "../stores/response-cache-key.ts";
import { NamedKey } from "../stores/response-lru.ts";

export interface CacheKeys {
  /** Shared by all callers. */
  readonly public: ResponseCacheKey;
  /** Shared within one authorization context; absent when the context is unknown. */
  readonly private: ResponseCacheKey | undefined;
}

/** Members of `_meta` that do not affect the result. */
const irrelevant = new Set<string>([
  metaKeys.progressToken,
  metaKeys.clientInfo,
  metaKeys.logLevel,
  "traceparent",
  "tracestate",
  "baggage",
]);

/** Returns the keys of a request to one server. `partition` names the authorization context. */
export type MakeCacheKeys = (request: JSONRPCRequest, partition: string | undefined) => CacheKeys;

/** The keys of an earlier request, reused because clients often send equal requests. */
interface Known {
  readonly shared: CacheKeys;
  /** All members of `_meta` that may affect the result. */
  readonly variant: string;
}

const maxKnown = 256;
const maxKnownLength = 2048;

export function createCacheKeys(server: () => string): MakeCacheKeys {
  const known = new BoundedMap<string, Known>({ maxEntries: maxKnown });

  function learn(sent: string, { method, params = {} }: JSONRPCRequest): Known {
    // Results may depend on version and capabilities, so these are part of both partitions.
    const variant = variantOf(metaOf(params));
    const key = new NamedKey(server(), method, paramsText(params), `public ${variant}`);
    const learnt: Known = { shared: { public: key, private: undefined }, variant };
    if (sent.length > maxKnownLength) return learnt;
    known.set(sent, learnt);
    return learnt;
  }

  return (request, partition) => {
    const sent = asSent(request);
    const { shared, variant } = known.get(sent) ?? learn(sent, request);
    if (partition === undefined) return shared;
    const { method, params } = shared.public;
    const own = `private ${JSON.stringify(partition)} ${variant}`;
    return { public: shared.public, private: new NamedKey(server(), method, params, own) };
  };
}

/** Returns true for requests that ask for notifications, which only their own caller may get. */
export function hasNotifications({ params }: JSONRPCRequest): boolean {
  const meta = params?._meta;
  if (!isObject(meta)) return false;
  return meta[metaKeys.progressToken] !== undefined || meta[metaKeys.logLevel] !== undefined;
}

/** Returns the members of `_meta` that are part of the keys of cached responses. */
export function keyedMeta(meta: JSONObject): JSONObject {
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !irrelevant.has(key)));
}

/** Returns the parameters as canonical JSON. Most cacheable requests have at most one parameter. */
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

/** Returns the method, the parameters and the relevant members of `_meta`, in the order as sent. */
function asSent({ method, params = {} }: JSONRPCRequest): string {
  const meta = metaOf(params);
  let members = "";
  for (const key in meta) {
    // The length separates keys, which may contain any characters, from values.
    if (!irrelevant.has(key)) members += `${key.length} ${key}${written(meta[key])}\n`;
  }
  return `${method.length} ${method}${written(paramsText(params))}${members}`;
}

/** Returns a string after its length, so that it is unambiguous, and other values as JSON. */
function written(value: unknown): string {
  if (typeof value === "string") return `${value.length} ${value}`;
  return isEmptyObject(value) ? "{}" : JSON.stringify(value);
}

/** Returns true for `{}`, the most frequent capabilities; stringifying them would dominate the cost. */
function isEmptyObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const _key in value) return false;
  return true;
}

function variantOf(meta: JSONObject): string {
  return canonicalJSON(keyedMeta(meta));
}

function metaOf({ _meta }: JSONObject): JSONObject {
  return isObject(_meta) ? _meta : {};
}
