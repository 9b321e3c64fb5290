/** The options of `oauth`, completed once. */
import { requireFunctions, requireKnownMembers } from "../../protocol/known-members.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import { allowLoopback } from "../fetch/options.ts";
import type { Grant } from "./grant.ts";
import { isLoopback } from "./loopback.ts";
import { validScopes } from "./scopes.ts";
import { createMemoryTokenStore, type TokenStore } from "./token-store.ts";

export interface OAuthOptions {
  /**
   * The way to obtain tokens: `browserSignIn`, `redirectSignIn`, `clientCredentials`,
   * `workloadIdentity` or `enterpriseManaged`.
   *
   * @default browserSignIn()
   */
  readonly grant?: Grant;
  /** Keeps tokens and registrations. @default in memory, for this client alone */
  readonly store?: TokenStore;
  /**
   * The id of the user whose tokens these are, in a store with those of several. Take it from your own
   * session, and never from the request of a browser.
   *
   * @default "" (one user)
   */
  readonly user?: string;
  /** Scopes to ask for in addition to those that the server names. @default [] */
  readonly scopes?: readonly string[];
  /** True to bind all tokens to a key (DPoP). @default false; where the server asks for it */
  readonly dpop?: boolean;
  /** The authorization server of servers without protected resource metadata. @default none */
  readonly issuer?: string;
  /**
   * Sends the requests to URLs that servers name.
   *
   * @default guardedFetch(), which for a server on loopback permits loopback
   */
  readonly fetch?: typeof fetch;
  /** Returns the time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface CompleteOptions
  extends Required<Omit<OAuthOptions, "issuer" | "fetch">>,
    Pick<OAuthOptions, "issuer"> {
  /** Returns the function that sends requests to URLs that a server names. */
  readonly fetchFor: (server: URL) => typeof fetch;
}

/** The parts that differ between runtimes. */
export interface Platform {
  readonly guardedFetch: GuardedFetch;
  readonly defaultGrant: () => Grant;
}

const members: { readonly [Name in keyof OAuthOptions]-?: true } = {
  grant: true,
  store: true,
  user: true,
  scopes: true,
  dpop: true,
  issuer: true,
  fetch: true,
  now: true,
};

/**
 * Completes the options.
 *
 * @throws {TypeError} for an unknown or invalid option
 */
export function withDefaults(options: OAuthOptions, platform: Platform): CompleteOptions {
  requireKnownMembers(options, Object.keys(members), "oauth");
  requireFunctions("oauth", options, ["fetch", "now"]);
  const { grant = platform.defaultGrant(), store = createMemoryTokenStore() } = options;
  const { user = "", scopes = [], dpop = false, issuer, fetch, now = Date.now } = options;
  const valid = validScopes(scopes);
  if (valid.length !== scopes.length) {
    throw new TypeError(
      "oauth: scopes: expected names without spaces and quotation marks, each once",
    );
  }
  return {
    ...{ grant, store, user, scopes: valid, dpop, now },
    ...(issuer !== undefined && { issuer }),
    fetchFor: fetch === undefined ? guarded(platform) : () => fetch,
  };
}

/** A server on loopback is one of the developer, and so is its authorization server. */
function guarded({ guardedFetch }: Platform): CompleteOptions["fetchFor"] {
  const fetchPublic = guardedFetch();
  const fetchAny = guardedFetch({ [allowLoopback]: true });
  return (server) => (isLoopback(server) ? fetchAny : fetchPublic);
}
