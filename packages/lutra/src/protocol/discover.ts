/**
 * `server/discover`: the versions, capabilities and identity of a server.
 *
 * @spec server/discover
 */
import type { CacheableResult } from "./caching.ts";
import type { ServerCapabilities } from "./capabilities.ts";
import type { JSONObject } from "./json.ts";
import type { Method } from "./method.ts";
import { defineMethod } from "./method.ts";
import { listOf, object, optional, parserOf, string } from "./shape.ts";

export interface DiscoverResult extends CacheableResult {
  readonly supportedVersions: readonly string[];
  readonly capabilities: ServerCapabilities;
  /** Instructions for a model on how to use the server. */
  readonly instructions?: string;
}

export const discover: Method<JSONObject, DiscoverResult> = defineMethod({
  name: "server/discover",
  params: (params) => params,
  result: parserOf(
    object({
      supportedVersions: listOf(string),
      capabilities: object({
        ...{ tools: optional(object()), resources: optional(object()) },
        ...{ prompts: optional(object()), completions: optional(object()) },
        ...{ logging: optional(object()), extensions: optional(object()) },
      }),
      instructions: optional(string),
    }),
  ),
  cacheable: true,
  safe: true,
});
