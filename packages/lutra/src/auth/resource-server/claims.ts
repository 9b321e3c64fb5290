/**
 * The claims of an access token, from any source, and the rules for all of them.
 *
 * @spec basic/authorization/index#token-handling
 */
import type { Principal } from "../../protocol/exchange.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { RefusedTokenError } from "./refused-token.ts";
import type { ScopeHierarchy } from "./scope-hierarchy.ts";

/** The claims of an access token, as in RFC 9068 and RFC 7662. */
export interface TokenClaims extends JSONObject {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** In seconds since 1970. */
  readonly exp?: number;
  /** In seconds since 1970. */
  readonly nbf?: number;
  readonly client_id?: string;
  readonly scope?: string;
}

export interface ClaimRules {
  readonly issuer: string;
  readonly audience: string;
  readonly clockSkewMs: number;
  readonly now: () => number;
}

/**
 * Checks the issuer, the audience and the times of a token. The audience is required, as otherwise a
 * token for any other server would be accepted.
 *
 * @throws {RefusedTokenError}
 */
export function requireClaims(claims: TokenClaims, rules: ClaimRules): void {
  const { iss, aud, exp, nbf } = claims;
  const { issuer, audience, clockSkewMs, now } = rules;
  // Introspection may leave out the issuer, which has answered for the token.
  if (iss !== undefined && iss !== issuer)
    throw new RefusedTokenError(`expected the issuer ${issuer}`);
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(audience))
    throw new RefusedTokenError(`expected the audience ${audience}`);
  if (exp !== undefined && !(isTime(exp) && exp * 1000 > now() - clockSkewMs)) {
    throw new RefusedTokenError("the token has expired");
  }
  if (nbf !== undefined && !(isTime(nbf) && nbf * 1000 <= now() + clockSkewMs)) {
    throw new RefusedTokenError("the token is not valid yet");
  }
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * Creates the principal of a token. Its id contains the issuer, because subjects are unique only there.
 *
 * @throws {RefusedTokenError} for a token without a subject and without a client
 */
export function principalOf(
  claims: TokenClaims,
  { issuer, clockSkewMs }: ClaimRules,
  hierarchy: ScopeHierarchy,
): Principal {
  const { sub, client_id, exp } = claims;
  const isSubject = typeof sub === "string" && sub !== "";
  if (!isSubject && (typeof client_id !== "string" || client_id === "")) {
    throw new RefusedTokenError("expected the claim sub");
  }
  return Object.freeze({
    // No issuer has a fragment, so that a client is never taken for a subject.
    id: isSubject ? `${issuer} ${sub}` : `${issuer}#client ${client_id}`,
    scopes: Object.freeze(hierarchy(grantedScopes(claims))),
    claims,
    // The time at which the token is refused, so that a subscription ends then and not earlier.
    ...(exp !== undefined && { expiresAtMs: exp * 1000 + clockSkewMs }),
  });
}

/** Returns the scopes of a token. Some authorization servers send them in `scp`, or as a list. */
function grantedScopes({ scope, scp }: TokenClaims): readonly string[] {
  const granted: unknown = scope ?? scp ?? [];
  if (typeof granted === "string") return granted.split(" ").filter((one) => one !== "");
  return Array.isArray(granted) ? granted.filter((one) => typeof one === "string") : [];
}

/** Returns the thumbprint of the key to which a token is bound, if it is bound to one. */
export function boundKeyOf({ cnf }: TokenClaims): string | undefined {
  if (cnf === undefined || cnf === null) return undefined;
  const { jkt } = isObject(cnf) ? cnf : {};
  if (typeof jkt === "string") return jkt;
  // A binding that can't be checked, such as one to a TLS certificate, must not be ignored.
  throw new RefusedTokenError("expected a token that is bound to no key, or to one by cnf.jkt");
}
