/** Restricts the freshness hints of upstreams, and what they learn about a caller before they set them. */
import { hasNotifications } from "lutra/internal";
import type { JSONRPCRequest, Middleware, RequestContext, Result } from "lutra/protocol";
import { sharedContext } from "../head/shared-request.ts";
import { authorizationContext } from "./authorization-context.ts";
import { withoutCaller } from "./without-caller.ts";

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
 * A request whose result may be `public` is sent without anything of its caller that is not part of
 * the key of a cached response. No caller can therefore influence a result that others get.
 *
 * @spec server/utilities/caching#security-considerations
 */
export function guardHints({ methods, trustPublic }: GuardOptions): Middleware {
  const mayShare = (request: JSONRPCRequest, context: RequestContext) =>
    !hasNotifications(request) && (trustPublic ?? authorizationContext(context) === undefined);
  return (next) => (request, context) => {
    if (!methods.has(request.method)) return next(request, context);
    const isTrusted = mayShare(request, context);
    const answer = isTrusted
      ? next(withoutCaller(request), sharedContext(context))
      : next(request, context);
    return answer.then((result) => guarded(result, isTrusted));
  };
}

function guarded(result: Result, isTrusted: boolean): Result {
  const isTooLong = typeof result.ttlMs === "number" && result.ttlMs > maxTtlMs;
  const isMisplaced = result.cacheScope === "public" && !isTrusted;
  if (!isTooLong && !isMisplaced) return result;
  return {
    ...result,
    ...(isTooLong && { ttlMs: maxTtlMs }),
    ...(isMisplaced && { cacheScope: "private" }),
  };
}
