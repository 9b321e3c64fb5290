/**
 * Who sent a request: the function that verifies credentials, made to fail closed.
 *
 * @spec basic/authorization/index#error-handling
 */
import { isPrincipal, unauthorized } from "../../protocol/authorization.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";

/**
 * Returns the caller's principal, from verified credentials, or undefined for a caller without any.
 * Throw `unauthorized()` or `forbidden()` to refuse the caller in another way. `header` returns a
 * header by its lower-case name.
 */
export type Authenticate = (
  header: (name: string) => string | undefined,
) => Principal | undefined | Promise<Principal | undefined>;

export interface AuthenticateRules {
  /** True to serve callers for which there is no principal. */
  readonly anonymous: boolean;
  /** Called with each error whose cause is hidden from the client. */
  readonly onError: (error: unknown) => void;
}

/**
 * Wraps `authenticate` so that only a principal, or with `anonymous` its absence, lets a request
 * pass. Any other value refuses the caller. An unknown error is masked, with the status 500.
 */
export function failClosed<Args extends readonly unknown[]>(
  authenticate: (...args: Args) => unknown,
  { anonymous, onError }: AuthenticateRules,
): (...args: Args) => Promise<Principal | undefined> {
  return async (...args) => {
    let result: unknown;
    try {
      result = await authenticate(...args);
    } catch (thrown) {
      throw refusalFor(thrown, onError);
    }
    if (isPrincipal(result)) return result;
    if (result !== undefined && result !== null) {
      onError(new TypeError("authenticate: expected a principal with an id, or undefined"));
    } else if (anonymous === true) return undefined;
    throw unauthorized();
  };
}

/** Returns the error that the client receives, never one with the status of a success. */
function refusalFor(thrown: unknown, onError: (error: unknown) => void): ProtocolError {
  const isOwn = isProtocolError(thrown) && !thrown.peer;
  if (isOwn && thrown.status >= 400) return thrown;
  if (!isOwn) onError(thrown);
  const message = isOwn ? thrown.message : "Internal error";
  return new ProtocolError("internalError", message, { status: 500, cause: thrown });
}
