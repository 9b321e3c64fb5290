import type { Authority } from "./authority.ts";
import type { TokenClaims } from "./claims.ts";

/**
 * Verifies that a token is genuine, and resolves to its claims, or to undefined for a token that is
 * not. `protect` checks the claims: the issuer, the audience, the times and the scopes. Reject when the
 * token can't be verified at the moment; the caller then receives the status 503.
 */
export type VerifyToken = (
  token: string,
  authority: Authority,
) => TokenClaims | undefined | Promise<TokenClaims | undefined>;
