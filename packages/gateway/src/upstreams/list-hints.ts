/** The freshness of an upstream's lists for which it names none. */
import type { Method, Middleware } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";

interface ListHintsInput {
  readonly config: Pick<UpstreamConfig, "lists">;
  readonly methods: ReadonlyMap<string, Method>;
}

/**
 * Creates the policy that adds the configured hints to lists and to the answer to `server/discover`,
 * unless the upstream sent a `ttlMs`. Returns undefined if none are configured.
 *
 * @spec server/utilities/caching#cacheable-model
 */
export function listHints({ config: { lists }, methods }: ListHintsInput): Middleware | undefined {
  if (lists === undefined) return undefined;
  const { ttlMs, cacheScope } = lists;
  return (next) => async (request, context) => {
    const result = await next(request, context);
    const method = methods.get(request.method);
    const isList = method?.cacheable === true && method.nameField === undefined;
    if (!isList || result.ttlMs !== undefined) return result;
    return { ...result, ttlMs, cacheScope: result.cacheScope ?? cacheScope };
  };
}
