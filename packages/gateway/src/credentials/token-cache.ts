/** The access tokens of a gateway: obtained once for all requests that wait, and bounded. */
import { BoundedMap } from "lutra/internal";

/** An access token, as far as the gateway keeps it. */
export interface KeptToken {
  readonly accessToken: string;
  /** In milliseconds since 1970. Undefined if the authorization server did not say. */
  readonly expiresAt?: number | undefined;
}

export interface TokenCacheOptions {
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
  accessToken: string | undefined;
  readonly obtained: Promise<string>;
  /** Time until which the entry is used, in milliseconds since 1970. */
  until: number;
}

export class TokenCache {
  readonly #entries: BoundedMap<string, Entry>;
  readonly #failureMs: number;
  readonly #now: () => number;

  constructor({ maxTokens = 10_000, failureMs = 1000, now = Date.now }: TokenCacheOptions = {}) {
    this.#failureMs = failureMs;
    this.#entries = new BoundedMap({ maxEntries: maxTokens });
    this.#now = now;
  }

  /** Returns a token that can be used at once. */
  peek(key: string): string | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now() < entry.until ? entry.accessToken : undefined;
  }

  /** Resolves to the token of a key, which `obtain` provides if there is none. */
  get(key: string, obtain: () => Promise<KeptToken>): Promise<string> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.until) return known.obtained;
    const entry: Entry = {
      accessToken: undefined,
      obtained: obtain().then(
        ({ accessToken, expiresAt = this.#now() + unknownLifeMs + expiryMarginMs }) => {
          entry.accessToken = accessToken;
          entry.until = expiresAt - expiryMarginMs;
          return accessToken;
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
  drop(key: string, accessToken: string): void {
    if (this.#entries.get(key)?.accessToken === accessToken) this.#entries.delete(key);
  }
}
