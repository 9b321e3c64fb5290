/** The freshness of an upstream's lists for which it names none. */
import type { Method, Serve } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Adds the configured hints to lists and to the answer to `server/discover`, unless the upstream sent a
 * `ttlMs`. Returns the upstream itself if none are configured.
 *
 * @spec server/utilities/caching#cacheable-model
 */
export function withListHints(
  upstream: Upstream,
  { lists }: UpstreamConfig,
  methods: ReadonlyMap<string, Method>,
): Upstream {
  if (lists === undefined) return upstream;
  const { ttlMs, cacheScope } = lists;
  const serve: Serve = async (request, context) => {
    const result = await upstream.serve(request, context);
    const method = methods.get(request.method);
    const isList = method?.cacheable === true && method.nameField === undefined;
    if (!isList || result.ttlMs !== undefined) return result;
    return { ...result, ttlMs, cacheScope: result.cacheScope ?? cacheScope };
  };
  return { ...upstream, serve };
}
