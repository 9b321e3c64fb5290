/**
 * The places at which an endpoint tells its clients where to get a token, and refuses callers by the
 * headers of a request alone.
 *
 * @spec basic/authorization/index#scope-challenge-handling
 */
import { requireScopes } from "../../protocol/authorization.ts";
import { chain } from "../../protocol/chain.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import { decodeHeaderValue, headerNames } from "../../protocol/http-headers.ts";

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/**
 * A protected resource, as its handlers describe it to clients that have no token yet.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-location
 */
export interface ProtectedResource {
  /** Returns the JSON document at a path, if there is one. */
  readonly document: (path: string) => string | undefined;
  /** Returns a challenge with the members that tell a client where to get a token. */
  readonly complete: (challenge: string, header: ReadHeader | undefined) => string;
}

/** The part of a server that protected endpoints use. */
interface Served {
  readonly serve: Serve;
  readonly requiredScopes?: ((method: string, name: string) => readonly string[]) | undefined;
}

/** Identifies the caller of a request. */
type Identify = (
  header: ReadHeader,
  request?: { readonly httpMethod?: string | undefined },
) => Principal | undefined | Promise<Principal | undefined>;

/** Returns the `serve` of a server whose refusals tell clients where to get a token. */
export function withChallenges(server: Served, resource: ProtectedResource): Serve {
  return async (request, context) => {
    try {
      return await server.serve(request, context);
    } catch (thrown) {
      throw withChallenge(thrown, resource, context.header);
    }
  };
}

/**
 * Wraps the identification of callers so that one without the scopes of the named tool, prompt or
 * resource is refused before the body of the request is read. Scopes that depend on arguments are
 * checked later.
 *
 * @spec basic/authorization/index#runtime-insufficient-scope-errors
 */
export function withHeadScopes(
  identify: Identify | undefined,
  { requiredScopes }: Served,
  resource: ProtectedResource | undefined,
): Identify | undefined {
  if (identify === undefined || requiredScopes === undefined) return identify;
  return (header, request) =>
    chain(identify(header, request), (principal) => {
      const method = header(headerNames.method);
      const sent = header(headerNames.name);
      if (method === undefined || sent === undefined) return principal;
      const scopes = requiredScopes(method, decodeHeaderValue(sent, "Mcp-Name"));
      try {
        if (scopes.length > 0) requireScopes(principal, scopes);
      } catch (thrown) {
        throw withChallenge(thrown, resource, header);
      }
      return principal;
    });
}

/** Returns the refusal of a caller with a complete challenge, and any other error unchanged. */
export function withChallenge(
  thrown: unknown,
  resource: ProtectedResource | undefined,
  header: ReadHeader | undefined,
): unknown {
  if (resource === undefined || !isProtocolError(thrown) || thrown.peer) return thrown;
  if (thrown.challenge === undefined || thrown.reason !== "invalidRequest") return thrown;
  const { message, status, headers, data, cause } = thrown;
  const challenge = resource.complete(thrown.challenge, header);
  const options = { status, challenge, headers, data, cause };
  return new ProtocolError("invalidRequest", message, options);
}
