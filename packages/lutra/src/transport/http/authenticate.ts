/**
 * The function that verifies the credentials of a request, wrapped so that it fails closed.
 *
 * @spec basic/authorization/index#error-handling
 */
import { isPrincipal, unauthorized } from "../../protocol/authorization.ts";
import { chainCall } from "../../protocol/chain.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { type ProtectedResource, type ReadHeader, withChallenge } from "./protected-resource.ts";

/**
 * Returns the caller's principal, from verified credentials, or undefined for a caller without any.
 * Throw `unauthorized()` or `forbidden()` to refuse the caller in another way. `header` returns a
 * header by its lower-case name.
 */
export interface Authenticate {
  (
    header: ReadHeader,
    request?: AuthenticatedRequest,
  ): Principal | undefined | Promise<Principal | undefined>;
  /** The description of the server for clients that sign in; `protect` of `lutra/auth` sets it. */
  readonly resource?: ProtectedResource | undefined;
}

/** The parts of a request that are known beside its headers. */
export interface AuthenticatedRequest {
  /** The method of HTTP. @default "POST" */
  readonly httpMethod?: string | undefined;
}

/** The caller of a request: now, or later. Thrown or rejected for a caller that is refused. */
export type Identified = Principal | undefined | Promise<Principal | undefined>;

interface AuthenticateRules {
  /** True to serve callers for which there is no principal. */
  readonly anonymous: boolean;
  /** Called with each error whose cause is hidden from the client. */
  readonly onError: (error: unknown) => void;
}

/**
 * Wraps `authenticate` so that only a principal, or with `anonymous` its absence, lets a request
 * pass. Any other value refuses the caller. An unknown error is masked, with the status 500. The
 * principal is available at once if `authenticate` returns it at once.
 */
export function failClosed<Args extends readonly [ReadHeader, ...unknown[]]>(
  authenticate: ((...args: Args) => unknown) & Pick<Authenticate, "resource">,
  { anonymous, onError }: AuthenticateRules,
): (...args: Args) => Identified {
  const { resource } = authenticate;
  return (...args) => {
    const [header] = args;
    return chainCall<unknown, Principal | undefined>(
      () => authenticate(...args),
      (result) => {
        if (isPrincipal(result)) return result;
        if (result !== undefined && result !== null) {
          onError(new TypeError("authenticate: expected a principal with an id, or undefined"));
        } else if (anonymous === true) return undefined;
        throw withChallenge(unauthorized(), resource, header);
      },
      (thrown) => {
        throw withChallenge(refusalFor(thrown, onError), resource, header);
      },
    );
  };
}

/** Returns the error that the client receives, never one with the status of a success. */
function refusalFor(thrown: unknown, onError: (error: unknown) => void): ProtocolError {
  const isOwn = isProtocolError(thrown) && !thrown.peer;
  // Such as an authorization server that is unavailable, which the client can't repair.
  if (isOwn && thrown.status >= 500 && thrown.cause !== undefined) onError(thrown);
  if (isOwn && thrown.status >= 400) return thrown;
  if (!isOwn) onError(thrown);
  const message = isOwn ? thrown.message : "Internal error";
  return new ProtocolError("internalError", message, { status: 500, cause: thrown });
}
