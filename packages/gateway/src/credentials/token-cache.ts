/** The access tokens of a gateway: obtained once for all requests that wait, and bounded. */
import type { AccessToken } from "lutra/auth/client";
import { BoundedMap } from "lutra/internal";
import type { OwnToken } from "../delivery/own-token.ts";

/** An access token, as far as the gateway keeps it. */
export interface KeptToken {
  readonly accessToken: string;
  /** In milliseconds since 1970. Undefined if the authorization server did not say. */
  readonly expiresAt?: number | undefined;
  /** The private key to which the token is bound. */
  readonly dpopKey?: AccessToken["dpopKey"];
}

export interface TokenCacheOptions {
  /** Returns a token as requests carry it. */
  readonly toOwn: (token: KeptToken) => OwnToken;
  /** Maximum number of tokens; beyond it, the oldest are dropped. @default 10000 */
  readonly maxTokens?: number;
  /** Time for which the failure to obtain a token is remembered, in milliseconds. @default 1000 */
  readonly failureMs?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Time before its end after which a token is not used any more, in milliseconds. */
const expiryMarginMs = 10_000;
/** Time for which a token without an end is used, in milliseconds. */
const unknownLifeMs = 300_000;
interface Entry {
  /** Undefined while the token is being obtained, and after a failure. */
  token: OwnToken | undefined;
  readonly obtained: Promise<OwnToken>;
  /** Time until which the entry is used, in milliseconds since 1970. */
  until: number;
}

export class TokenCache {
  readonly #entries: BoundedMap<string, Entry>;
  readonly #failureMs: number;
  readonly #now: () => number;
  readonly #toOwn: TokenCacheOptions["toOwn"];

  constructor(options: TokenCacheOptions) {
    const { toOwn, maxTokens = 10_000, failureMs = 1000, now = Date.now } = options;
    this.#toOwn = toOwn;
    this.#failureMs = failureMs;
    this.#entries = new BoundedMap({ maxEntries: maxTokens });
    this.#now = now;
  }

  /** Returns a token that can be used at once. */
  peek(key: string): OwnToken | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now() < entry.until ? entry.token : undefined;
  }

  /** Resolves to the token of a key, which `obtain` provides if there is none. */
  get(key: string, obtain: () => Promise<KeptToken>): Promise<OwnToken> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.until) return known.obtained;
    const entry: Entry = {
      token: undefined,
      obtained: obtain().then(
        (kept) => {
          const { expiresAt = this.#now() + unknownLifeMs + expiryMarginMs } = kept;
          const token = this.#toOwn(kept);
          entry.token = token;
          entry.until = expiresAt - expiryMarginMs;
          return token;
        },
        (error: unknown) => {
          entry.until = this.#now() + this.#failureMs;
          throw error;
        },
      ),
      until: Number.POSITIVE_INFINITY,
    };
    // Requests that wait get the rejection, and there may be none.
    entry.obtained.catch(() => {});
    this.#entries.set(key, entry);
    return entry.obtained;
  }

  /** Drops a token that was refused, unless it has been replaced in the meantime. */
  drop(key: string, token: OwnToken): void {
    if (this.#entries.get(key)?.token === token) this.#entries.delete(key);
  }
}
