/**
 * What identifies a cached response: the method, and everything in the request that may affect the
 * result.
 *
 * @spec server/utilities/caching#cache-key
 */
import { canonicalJSON, isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { BoundedMap } from "../stores/bounded-map.ts";
import type { ResponseCacheKey } from "../stores/response-cache.ts";
import { NamedKey } from "../stores/response-lru.ts";

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

/** Makes the keys of requests to one server; `partition` names the authorization context. */
export type MakeCacheKeys = (request: JSONRPCRequest, partition: string | undefined) => CacheKeys;

/** What was found of requests, by their members as they came: clients send the same again and again. */
interface Known {
  readonly shared: CacheKeys;
  /** Everything in `_meta` that may affect the result. */
  readonly variant: string;
}

const maxKnown = 256;
const maxKnownLength = 2048;

export function createCacheKeys(server: string): MakeCacheKeys {
  const known = new BoundedMap<string, Known>({ maxEntries: maxKnown });

  function learn(sent: string, { method, params = {} }: JSONRPCRequest): Known {
    // Servers may answer by version and by capability, so these are part of both partitions.
    const variant = variantOf(metaOf(params));
    const key = new NamedKey(server, method, paramsText(params), `public ${variant}`);
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
    return { public: shared.public, private: new NamedKey(server, method, params, own) };
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

/** The method, the parameters and the relevant part of `_meta`, in the order in which they came. */
function asSent({ method, params = {} }: JSONRPCRequest): string {
  const meta = metaOf(params);
  let members = "";
  for (const key in meta) {
    // The length keeps keys, which may be anything, from running into values.
    if (!irrelevant.has(key)) members += `${key.length} ${key}${written(meta[key])}\n`;
  }
  return `${method.length} ${method}${written(paramsText(params))}${members}`;
}

/** A text as it is after its length, so that it can't pass for anything else; the rest as JSON. */
function written(value: unknown): string {
  if (typeof value === "string") return `${value.length} ${value}`;
  return isEmptyObject(value) ? "{}" : JSON.stringify(value);
}

/** Capabilities most often are, and writing them down would cost as much as all else here. */
function isEmptyObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const _key in value) return false;
  return true;
}

function variantOf(meta: JSONObject): string {
  const relevant = Object.entries(meta).filter(([key]) => !irrelevant.has(key));
  return canonicalJSON(Object.fromEntries(relevant));
}

function metaOf({ _meta }: JSONObject): JSONObject {
  return isObject(_meta) ? _meta : {};
}
