/**
 * `protect`: the verification of access tokens for one server.
 *
 * @spec basic/authorization/index#token-handling
 */
import { requireScopes } from "../../protocol/authorization.ts";
import { chain, chainCall } from "../../protocol/chain.ts";
import { isProtocolError, type ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";
import type { Authenticate } from "../../transport/http/authenticate.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import { createAuthority } from "./authority.ts";
import { boundKeyOf, principalOf, requireClaims } from "./claims.ts";
import { type Credentials, readCredentials, requireForm } from "./credentials.ts";
import { requireProof } from "./dpop.ts";
import { jwtTokens } from "./jwt.ts";
import { describeResource } from "./metadata.ts";
import { type ProtectOptions, type ProtectRules, withDefaults } from "./options.ts";
import { invalidToken, RefusedTokenError, unavailable } from "./refused-token.ts";
import { createVerifiedTokens, type VerifiedToken } from "./verified-tokens.ts";

/** The parts of `protect` that depend on the runtime. */
export interface Platform {
  readonly guardedFetch: GuardedFetch;
  /** Returns the SHA-256 hash of text. */
  readonly hash: (text: string) => string | Promise<string>;
}

/** Creates an `authenticate` that accepts access tokens of an authorization server. */
export type Protect = (options: ProtectOptions) => Authenticate;

/** Returns the `protect` of a runtime. */
export function protectOn({ guardedFetch, hash }: Platform): Protect {
  return (options) => {
    const rules = withDefaults(options);
    const { issuer, clockSkewMs, now, cacheMs, maxCachedTokens } = rules;
    const trustedOrigins = [new URL(issuer).origin];
    const { fetch = guardedFetch({ trustedOrigins }) } = rules;
    const authority = createAuthority({ issuer, fetch, clockSkewMs, now });
    const outage = createOutage();
    const verify = createVerification(rules, authority, outage.ended);
    const verified = createVerifiedTokens({ hash, verify, cacheMs, maxCachedTokens, now });
    const resource = describeResource(rules);

    // A token that is known already is accepted at once, without a turn of the event loop.
    const authenticate: Authenticate = (header, { httpMethod: method = "POST" } = {}) => {
      const sent = readCredentials(header);
      if (sent === undefined) return undefined;
      const accept = (token: VerifiedToken): Principal | Promise<Principal> => {
        const binding = requireBinding(token, sent, { proof: header("dpop"), method }, rules);
        return chain(binding, () => {
          if (rules.scopes.length > 0) requireScopes(token.principal, rules.scopes);
          return token.principal;
        });
      };
      return chainCall(() => verified(sent.token), accept, outage.refuse);
    };
    return Object.assign(authenticate, { resource });
  };
}

/** Returns the function that verifies a token that is not known. */
function createVerification(
  rules: ProtectRules,
  authority: ReturnType<typeof createAuthority>,
  onVerified: () => void,
): (token: string) => Promise<VerifiedToken> {
  const { hierarchy, verify = jwtTokens() } = rules;
  return async (token) => {
    requireForm({ scheme: "Bearer", token });
    const claims = await verify(token, authority);
    onVerified();
    if (claims === undefined) throw new RefusedTokenError("the token is not active");
    requireClaims(claims, rules);
    return { principal: principalOf(claims, rules, hierarchy), boundTo: boundKeyOf(claims) };
  };
}

interface Outage {
  /** Throws the refusal of a token, or the error for one that can't be verified at the moment. */
  readonly refuse: (thrown: unknown) => never;
  /** Reports that a token was verified. */
  readonly ended: () => void;
}

/**
 * Only the first error of an outage has the cause, with which it is reported to `onError`: requests are
 * refused until the outage ends, and each would be reported.
 */
function createOutage(): Outage {
  let isReported = false;
  return {
    refuse: (thrown) => {
      if (thrown instanceof RefusedTokenError) throw invalidToken(thrown.message);
      if (isRefusal(thrown)) throw thrown;
      const error = unavailable(isReported ? undefined : thrown);
      isReported = true;
      throw error;
    },
    ended: () => {
      isReported = false;
    },
  };
}

/** Returns true for an error with which a `verify` of the application refuses a caller. */
function isRefusal(thrown: unknown): thrown is ProtocolError {
  return isProtocolError(thrown) && !thrown.peer && thrown.status >= 400;
}

/** Checks that a token which is bound to a key comes with a proof, and any other one without. */
function requireBinding(
  { principal, boundTo }: VerifiedToken,
  { scheme, token }: Credentials,
  request: { readonly proof: string | undefined; readonly method: string },
  { dpop, now }: ProtectRules,
): undefined | Promise<void> {
  if (boundTo === undefined) {
    if (scheme === "Bearer" && !dpop.required) return undefined;
    throw invalidToken("expected a token that is bound to a key");
  }
  // As a bearer token, it would be accepted from anyone who has stolen it.
  if (scheme !== "DPoP") throw invalidToken("expected the scheme DPoP for a token bound to a key");
  return requireProof({ ...request, token, boundTo, caller: principal.id }, { ...dpop, now });
}
