/**
 * The tokens that were verified recently. Only hashes of tokens are kept, so that the memory of the
 * process contains no credentials that could be used elsewhere.
 */
import { chain } from "../../protocol/chain.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { sizeOfJSON } from "../../protocol/json.ts";
import { BoundedMap } from "../../stores/bounded-map.ts";
import { unavailable } from "./refused-token.ts";

/** A token that was verified. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** The thumbprint of the key to which the token is bound. */
  readonly boundTo: string | undefined;
}

export interface VerifiedTokensOptions {
  /** Returns a hash of a token that cannot be reversed. */
  readonly hash: (token: string) => string | Promise<string>;
  /** Verifies a token that is not known. Rejects for one that is refused. */
  readonly verify: (token: string) => Promise<VerifiedToken>;
  readonly cacheMs: number;
  readonly maxCachedTokens: number;
  readonly now: () => number;
}

interface Entry {
  readonly token: VerifiedToken;
  readonly until: number;
  readonly bytes: number;
}

/** Maximum memory of the claims that are remembered, about, in bytes. */
const maxCachedBytes = 33_554_432;

/** Maximum number of tokens that are verified at once. */
const maxVerifying = 1000;

/**
 * Returns a function that verifies tokens, and verifies a token in use again from time to time. The
 * result for a known token is available at once.
 */
export function createVerifiedTokens(
  options: VerifiedTokensOptions,
): (token: string) => VerifiedToken | Promise<VerifiedToken> {
  const { hash, verify, cacheMs, maxCachedTokens, now } = options;
  const known = new BoundedMap<string, Entry>({
    maxEntries: Math.max(1, maxCachedTokens),
    maxWeight: maxCachedBytes,
    weightOf: ({ bytes }) => bytes,
  });
  const verifying = new Map<string, Promise<VerifiedToken>>();

  async function verifyNew(token: string, key: string): Promise<VerifiedToken> {
    try {
      const verified = await verify(token);
      const { expiresAtMs = Number.POSITIVE_INFINITY } = verified.principal;
      const until = Math.min(now() + cacheMs, expiresAtMs);
      const bytes = sizeOfJSON(verified.principal);
      if (maxCachedTokens > 0 && until > now()) known.set(key, { token: verified, until, bytes });
      return verified;
    } finally {
      verifying.delete(key);
    }
  }

  async function verifyOnce(token: string, key: string): Promise<VerifiedToken> {
    const pending = verifying.get(key);
    if (pending !== undefined) return pending;
    if (verifying.size >= maxVerifying) throw unavailable("too many tokens are being verified");
    const verification = verifyNew(token, key);
    verifying.set(key, verification);
    return verification;
  }

  return (token) =>
    chain(hash(token), (key) => {
      const entry = known.get(key);
      return entry !== undefined && entry.until > now() ? entry.token : verifyOnce(token, key);
    });
}
