/**
 * Access tokens for programs that send requests themselves, such as gateways.
 *
 * @spec basic/authorization/index#access-token-usage
 */
import type { JWK } from "jose";
import type { AuthorizationServer } from "oauth4webapi";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
} from "../../protocol/known-members.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";
import type { Grant } from "./grant.ts";
import { recordsOf, type Tokens } from "./records.ts";
import { validScopes } from "./scopes.ts";
import { readServerMetadata } from "./server-metadata.ts";
import { createMemoryTokenStore } from "./token-store.ts";

export interface AccessTokensOptions {
  /** The issuer of the authorization server, exactly as its metadata spells it. */
  readonly issuer: string;
  /** The resource identifier of the server that the tokens are for. */
  readonly resource: string;
  /** The scopes to ask for. @default [], those that the authorization server chooses */
  readonly scopes?: readonly string[];
  /** True to bind the tokens to keys (DPoP). @default false */
  readonly dpop?: boolean;
  /** Sends the requests. @default guardedFetch(), which trusts the origin of the issuer */
  readonly fetch?: typeof fetch;
  /** Returns the time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** An access token. */
export interface AccessToken {
  readonly accessToken: string;
  /** The time after which it is invalid, in milliseconds since 1970, if it is known. */
  readonly expiresAt?: number | undefined;
  /** The private key to which it is bound, with which every request has to be signed (DPoP). */
  readonly dpopKey?: JWK | undefined;
}

/** Obtains an access token by a grant that needs no person. Keeps no tokens. */
export type ObtainAccessToken = (grant: Grant, signal?: AbortSignal) => Promise<AccessToken>;

/** Time for which the metadata of the authorization server are used, in milliseconds. */
const metadataMs = 600_000;

const members = ["issuer", "resource", "scopes", "dpop", "fetch", "now"];

/** Creates the `accessTokens` of a runtime. */
export function accessTokensFor(
  guardedFetch: GuardedFetch,
): (options: AccessTokensOptions) => ObtainAccessToken {
  return (options) => {
    requireKnownMembers(options, members, "accessTokens");
    requireFunctions("accessTokens", options, ["fetch", "now"]);
    const { issuer, resource, scopes = [], dpop = false, now = Date.now } = options;
    requireArray("accessTokens: scopes", scopes, "string");
    for (const [name, url] of Object.entries({ issuer, resource })) {
      if (parseURL(url) !== undefined) continue;
      throw new TypeError(`accessTokens: ${name}: expected a URL`);
    }
    const { fetch = guardedFetch({ trustedOrigins: [new URL(issuer).origin] }) } = options;
    const metadata = rememberedMetadata(issuer, fetch, now);
    const records = recordsOf(createMemoryTokenStore(), "");
    const target = { server: new URL(resource), resource, scopes: validScopes(scopes) };
    return async (grant, signal) => {
      const as = await metadata(signal);
      const request = { ...target, as, records, fetch, now, signal, isDPoP: dpop };
      return accessTokenOf(await grant.obtain(request));
    };
  };
}

/** Returns the access token of tokens as applications use it. */
export function accessTokenOf({ accessToken, expiresAt, dpopKey }: Tokens): AccessToken {
  return { accessToken, expiresAt, ...(dpopKey !== undefined && { dpopKey }) };
}

/** Returns a function that reads the metadata when they are needed, and again after some time. */
function rememberedMetadata(
  issuer: string,
  fetch: typeof globalThis.fetch,
  now: () => number,
): (signal: AbortSignal | undefined) => Promise<AuthorizationServer> {
  let known: { readonly as: AuthorizationServer; readonly until: number } | undefined;
  return async (signal) => {
    if (known !== undefined && now() < known.until) return known.as;
    const as = await readServerMetadata(issuer, { fetch, signal });
    known = { as, until: now() + metadataMs };
    return as;
  };
}
