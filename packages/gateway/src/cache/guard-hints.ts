/** Restricts the freshness hints of upstreams. */
import type { Middleware, RequestContext, Result } from "lutra/protocol";
import { authorizationContext } from "./authorization-context.ts";

/** Maximum `ttlMs` of a response: one day, in milliseconds. */
const maxTtlMs = 86_400_000;

export interface GuardOptions {
  readonly methods: ReadonlySet<string>;
  /**
   * True when `public` results are shared between callers. By default only results for requests
   * without credentials are, because they cannot depend on the caller. With credentials, a faulty or
   * malicious upstream could publish the result of one caller, so an operator has to allow it.
   */
  readonly trustPublic: boolean | undefined;
}

/**
 * Replaces `public` with `private` if it is not trusted, and limits `ttlMs`. Both apply to the
 * gateway's cache, which is outside of this middleware, and to the caches of clients.
 *
 * @spec server/utilities/caching#security-considerations
 */
export function guardHints({ methods, trustPublic }: GuardOptions): Middleware {
  const isTrusted = (context: RequestContext) =>
    trustPublic ?? authorizationContext(context) === undefined;
  return (next) => (request, context) => {
    const answer = next(request, context);
    return methods.has(request.method)
      ? answer.then((result) => guarded(result, () => isTrusted(context)))
      : answer;
  };
}

function guarded(result: Result, isTrusted: () => boolean): Result {
  const isTooLong = typeof result.ttlMs === "number" && result.ttlMs > maxTtlMs;
  const isMisplaced = result.cacheScope === "public" && !isTrusted();
  if (!isTooLong && !isMisplaced) return result;
  return {
    ...result,
    ...(isTooLong && { ttlMs: maxTtlMs }),
    ...(isMisplaced && { cacheScope: "private" }),
  };
}
