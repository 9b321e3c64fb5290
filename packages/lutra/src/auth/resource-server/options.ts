/** The options of `protect`. */

import { requireScopeNames } from "../../protocol/authorization.ts";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
} from "../../protocol/known-members.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { createMemoryReplayGuard } from "../../stores/memory-replay-guard.ts";
import type { ReplayGuard } from "../../stores/replay-guard.ts";
import { isLoopbackHost } from "../fetch/public-address.ts";
import { requireAsymmetric, signatureAlgorithms } from "./algorithms.ts";
import { createDPoPNonces, type DPoPNonces } from "./dpop-nonces.ts";
import { compileHierarchy, type ScopeHierarchy } from "./scope-hierarchy.ts";
import type { VerifyToken } from "./verify-token.ts";

/** Tokens that are bound to a key of the client, which are accepted without further options. */
export interface DPoPOptions {
  /** True to refuse tokens that are bound to no key. @default false */
  readonly required?: boolean;
  /**
   * 32 bytes or more, as text, from which nonces are made. All replicas need the same. With nonces, a
   * proof that was made in advance is refused.
   *
   * @default no nonces are required
   */
  readonly nonceKey?: string;
  /** Time after which the nonce changes, in milliseconds. @default 60000 */
  readonly noncePeriodMs?: number;
  /** Records used proofs. Replicas need a shared one. @default in memory */
  readonly replayGuard?: ReplayGuard;
  /** Accepted signature algorithms of proofs. @default all asymmetric ones */
  readonly algorithms?: readonly string[];
  /** The URL to which clients send requests. @default `resource` */
  readonly url?: string;
}

export interface ProtectOptions {
  /** The issuer of the tokens, in the spelling of its metadata: `https://login.example.com`. */
  readonly issuer: string;
  /** The URL of this server as clients know it: `https://library.example.com/mcp`. */
  readonly resource: string;
  /** The audience that tokens must have. @default `resource` */
  readonly audience?: string;
  /** Scopes that every request needs. @default none */
  readonly scopes?: readonly string[];
  /** Scopes for which clients ask at first, as few as possible. @default `scopes` */
  readonly scopesSupported?: readonly string[];
  /**
   * The scopes that a scope contains, such as `{ "books:write": ["books:read"] }`.
   *
   * @default each scope contains only itself
   */
  readonly scopeHierarchy?: { readonly [scope: string]: readonly string[] };
  /** Verifies tokens. @default `jwtTokens()` */
  readonly verify?: VerifyToken;
  readonly dpop?: DPoPOptions;
  /** Accepted difference between clocks, in milliseconds. @default 30000 */
  readonly clockSkewMs?: number;
  /**
   * Time for which a verified token is accepted without another verification, in milliseconds. A token
   * that is revoked is accepted for as long. @default 30000
   */
  readonly cacheMs?: number;
  /** Maximum number of verified tokens that are remembered; 0 for none. @default 10000 */
  readonly maxCachedTokens?: number;
  /** The name of this server for people, in its metadata. */
  readonly name?: string;
  /** A page for developers, in the metadata. */
  readonly documentation?: string;
  /**
   * Sends requests to the authorization server.
   *
   * @default `guardedFetch` with the origin of the issuer trusted, so that it may be in a private
   *   network
   */
  readonly fetch?: typeof fetch;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** The options with every default filled in. */
export interface ProtectRules
  extends Required<
    Pick<
      ProtectOptions,
      | "issuer"
      | "resource"
      | "audience"
      | "scopes"
      | "scopesSupported"
      | "clockSkewMs"
      | "cacheMs"
      | "maxCachedTokens"
      | "now"
    >
  > {
  readonly hierarchy: ScopeHierarchy;
  readonly verify: VerifyToken | undefined;
  readonly fetch: typeof fetch | undefined;
  readonly name: string | undefined;
  readonly documentation: string | undefined;
  readonly dpop: {
    readonly required: boolean;
    readonly nonces: DPoPNonces | undefined;
    readonly replayGuard: ReplayGuard;
    readonly algorithms: readonly string[];
    readonly url: string;
  };
}

const members: { readonly [Name in keyof ProtectOptions]-?: true } = {
  issuer: true,
  resource: true,
  audience: true,
  scopes: true,
  scopesSupported: true,
  scopeHierarchy: true,
  verify: true,
  dpop: true,
  clockSkewMs: true,
  cacheMs: true,
  maxCachedTokens: true,
  name: true,
  documentation: true,
  fetch: true,
  now: true,
};

const dpopMembers: { readonly [Name in keyof DPoPOptions]-?: true } = {
  required: true,
  nonceKey: true,
  noncePeriodMs: true,
  replayGuard: true,
  algorithms: true,
  url: true,
};

/**
 * Completes the options with their defaults.
 *
 * @throws {TypeError} for a missing, unknown or invalid option
 */
export function withDefaults(options: ProtectOptions): ProtectRules {
  requireKnownMembers(options, Object.keys(members), "protect");
  requireFunctions("protect", options, ["verify", "fetch", "now"]);
  const { issuer, resource, audience = resource, scopeHierarchy, now = Date.now } = options;
  const { scopes = [], scopesSupported = scopes, verify, fetch, name, documentation } = options;
  const { clockSkewMs = 30_000, cacheMs = 30_000, maxCachedTokens = 10_000 } = options;
  requireIdentifier("issuer", issuer);
  requireIdentifier("resource", resource);
  if (typeof audience !== "string" || audience === "") {
    throw new TypeError("protect: audience: expected a string of at least 1 character");
  }
  requireScopeList("scopes", scopes);
  requireScopeList("scopesSupported", scopesSupported);
  for (const [option, value] of Object.entries({ clockSkewMs, cacheMs, maxCachedTokens })) {
    if (Number.isInteger(value) && value >= 0) continue;
    throw new TypeError(`protect: ${option}: expected an integer of at least 0`);
  }
  return {
    ...{ issuer, resource, audience, scopes, scopesSupported, verify, fetch, name, documentation },
    ...{ clockSkewMs, cacheMs, maxCachedTokens, now },
    hierarchy: compileHierarchy(scopeHierarchy),
    dpop: completeDPoP(options.dpop ?? {}, resource, now),
  };
}

function completeDPoP(
  options: DPoPOptions,
  resource: string,
  now: () => number,
): ProtectRules["dpop"] {
  requireKnownMembers(options, Object.keys(dpopMembers), "protect: dpop");
  const { required = false, nonceKey, noncePeriodMs = 60_000, url = resource } = options;
  const { algorithms = signatureAlgorithms } = options;
  const { replayGuard = createMemoryReplayGuard({ maxClaims, maxClaimsPerCaller, now }) } = options;
  requireAsymmetric(algorithms, "protect: dpop");
  requireIdentifier("dpop.url", url);
  if (!(Number.isInteger(noncePeriodMs) && noncePeriodMs > 0)) {
    throw new TypeError("protect: dpop.noncePeriodMs: expected a positive integer");
  }
  const nonces =
    nonceKey === undefined ? undefined : createDPoPNonces(nonceKey, noncePeriodMs, now);
  return { required, nonces, replayGuard, algorithms, url };
}

/** Maximum number of proofs that are remembered, each for up to 10 minutes. */
const maxClaims = 200_000;
/** Maximum number of proofs of one caller that are remembered. */
const maxClaimsPerCaller = 50_000;

/**
 * Checks an identifier that is compared as text, so that a spelling that no client uses is noticed.
 *
 * @spec basic/authorization/index#canonical-server-uri
 */
function requireIdentifier(option: string, value: unknown): void {
  const url = parseURL(value);
  if (typeof value === "string" && url !== undefined) {
    const { protocol, hostname, username, password, search, hash } = url;
    const isPlain = `${username}${password}${search}${hash}` === "" && !/[?#]$/.test(value);
    const isLocal = protocol === "http:" && isLoopbackHost(hostname);
    if (isPlain && (protocol === "https:" || isLocal)) return;
  }
  throw new TypeError(
    `protect: ${option}: expected an https URL, or an http URL of this machine, without query and fragment, got ${value}`,
  );
}

/** @spec basic/authorization/index#refresh-tokens */
function requireScopeList(option: string, scopes: readonly string[]): void {
  requireArray(`protect: ${option}`, scopes, "string");
  if (scopes.length > 0) requireScopeNames(scopes, "protect");
  // Clients decide themselves whether they ask for refresh tokens.
  if (!scopes.includes("offline_access")) return;
  throw new TypeError(
    `protect: ${option}: expected no offline_access, for which clients ask themselves`,
  );
}
