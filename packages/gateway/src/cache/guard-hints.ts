/** Takes of an upstream's freshness hints no more than it is trusted with. */
import type { Middleware, RequestContext, Result } from "lutra/protocol";
import { authorizationContext } from "./authorization-context.ts";

/** The longest that an upstream may call a response fresh: a day, in milliseconds. */
export const maxTtlMs = 86_400_000;

export interface GuardOptions {
  readonly methods: ReadonlySet<string>;
  /**
   * Whether results that call themselves public are everyone's. By default those are that answer a
   * request without credentials: who sends none can't be told from others, so the answer holds
   * nothing that is meant for one caller. With credentials a careless or hostile upstream could
   * make one caller's answer everyone's, so there someone must say that it does not.
   */
  readonly trustPublic: boolean | undefined;
}

/**
 * Turns `public` into `private` where that mark is not trusted, and bounds `ttlMs`, for the cache
 * outside of it and for the caches of clients alike.
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
