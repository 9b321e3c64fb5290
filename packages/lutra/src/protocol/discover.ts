/**
 * `server/discover`: the versions, capabilities and identity of a server.
 *
 * @spec server/discover
 */
import type { CacheableResult } from "./caching.ts";
import type { ServerCapabilities } from "./capabilities.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Method } from "./method.ts";
import { defineMethod, malformed, requireArray } from "./method.ts";

export interface DiscoverResult extends CacheableResult {
  readonly supportedVersions: readonly string[];
  readonly capabilities: ServerCapabilities;
  /** Instructions for a model on how to use the server. */
  readonly instructions?: string;
}

export const discover: Method<JSONObject, DiscoverResult> = defineMethod({
  name: "server/discover",
  params: (params) => params,
  result: (result) => {
    requireArray(result, "supportedVersions");
    if (!isObject(result.capabilities)) throw malformed("result.capabilities: expected an object");
    return result as DiscoverResult;
  },
  cacheable: true,
  safe: true,
});
