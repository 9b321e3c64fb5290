/**
 * The errors for refused callers, with the challenges that state the requirement.
 *
 * @spec basic/authorization/index#error-handling
 */

import { ProtocolError } from "./errors.ts";
import type { Principal } from "./exchange.ts";
import { isObject } from "./json.ts";
import { requireArray } from "./known-members.ts";

export interface UnauthorizedOptions {
  /** The value of `WWW-Authenticate`. @default "Bearer" */
  readonly challenge?: string;
  /** The message for the client. @default "Authorization: expected valid credentials" */
  readonly message?: string;
  /** Further headers of the response, such as `dpop-nonce`. @default none */
  readonly headers?: { readonly [name: string]: string };
}

/**
 * Creates the error for a request without valid credentials: HTTP status 401 with a challenge.
 *
 * @spec basic/authorization/index#error-handling
 * @example
 * ```ts
 * if (isExpired(token)) throw unauthorized({ challenge: 'Bearer error="invalid_token"' });
 * ```
 */
export function unauthorized(options: UnauthorizedOptions = {}): ProtocolError {
  const { challenge = "Bearer", headers } = options;
  const { message = "Authorization: expected valid credentials" } = options;
  return new ProtocolError("invalidRequest", message, { status: 401, challenge, headers });
}

export interface ForbiddenOptions {
  /** The scopes that the operation requires, separated by spaces. @default no challenge */
  readonly scope?: string;
  /** The message for the client. @default names the scopes */
  readonly message?: string;
}

/**
 * Creates the error for a caller that lacks a permission: HTTP status 403 and, with `scope`, the
 * challenge `insufficient_scope`. Name all scopes that the operation requires at once.
 *
 * @throws {TypeError} for a scope with characters that OAuth does not allow
 * @spec basic/authorization/index#runtime-insufficient-scope-errors
 */
export function forbidden({ scope, message }: ForbiddenOptions = {}): ProtocolError {
  if (scope === undefined) {
    return new ProtocolError("invalidRequest", message ?? "Forbidden", { status: 403 });
  }
  requireScopeNames(scope.split(" "));
  return new ProtocolError("invalidRequest", message ?? `Forbidden: requires the scope ${scope}`, {
    status: 403,
    challenge: `Bearer error="insufficient_scope", scope="${scope}"`,
  });
}

/**
 * Checks that a caller has all of these scopes.
 *
 * @throws {ProtocolError} `unauthorized` without a principal, otherwise `forbidden`
 * @spec basic/authorization/index#scope-challenge-handling
 */
export function requireScopes(principal: Principal | undefined, required: readonly string[]): void {
  if (principal === undefined) {
    throw unauthorized({ challenge: `Bearer scope="${required.join(" ")}"` });
  }
  const { scopes = [] } = principal;
  // The `includes` of a text would find a scope in the middle of another one.
  const granted = Array.isArray(scopes) ? scopes : [];
  if (!required.every((scope) => granted.includes(scope))) {
    throw forbidden({ scope: required.join(" ") });
  }
}

/** Returns true for a principal: an object with a non-empty `id`. */
export function isPrincipal(value: unknown): value is Principal {
  if (!isObject(value) || typeof value.id !== "string" || value.id === "") return false;
  const { scopes: granted = [], claims = {}, expiresAtMs = 0 } = value;
  return (
    isObject(claims) &&
    Number.isFinite(expiresAtMs) &&
    Array.isArray(granted) &&
    granted.every((one) => typeof one === "string")
  );
}

/**
 * Checks a list of scopes.
 *
 * @param where The definition or the function that received it, for the message
 * @throws {TypeError} for an empty list, and for a name that OAuth does not allow
 */
export function requireScopeNames(names: readonly string[], where?: string): void {
  const place = where === undefined ? "scopes" : `${where}: scopes`;
  requireArray(place, names);
  if (names.length > 0 && names.every((name) => /^[!#-[\]-~]+$/.test(name))) return;
  throw new TypeError(`${place}: expected names without spaces, quotation marks and backslashes`);
}
