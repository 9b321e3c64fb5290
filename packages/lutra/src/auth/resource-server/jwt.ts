/**
 * Access tokens that are JSON Web Tokens (RFC 9068), verified with the keys of the authorization server.
 *
 * @spec basic/authorization/index#token-handling
 */

import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { requireArray, requireKnownMembers } from "../../protocol/known-members.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { requireAsymmetric, signatureAlgorithms } from "./algorithms.ts";
import { type Authority, endpointOf, failureMs } from "./authority.ts";
import type { TokenClaims } from "./claims.ts";
import { RefusedTokenError } from "./refused-token.ts";
import type { VerifyToken } from "./verify-token.ts";

export interface JWTOptions {
  /** The URL of the key set. @default `jwks_uri` in the metadata of the issuer */
  readonly jwksUri?: string;
  /**
   * Accepted signature algorithms, all of them asymmetric.
   *
   * @default the RSA, RSA-PSS, ECDSA and EdDSA algorithms of JOSE
   */
  readonly algorithms?: readonly string[];
  /**
   * Accepted values of the header `typ`, without `application/`. Some authorization servers send `JWT`,
   * or no type, which means the same. ID tokens have the same type, so they are refused by their claims
   * if `JWT` is accepted.
   *
   * @default ["at+jwt"]
   */
  readonly types?: readonly string[];
}

/** Time for which a key set is used, in milliseconds. A token with an unknown key ends it early. */
const keysMs = 600_000;
/** Minimum time between two requests for keys because of an unknown key, in milliseconds. */
const cooldownMs = 30_000;

/**
 * Verifies tokens that are JSON Web Tokens, with the keys of the issuer. When a token
 * has an unknown key, the keys are requested again, so that rotation needs no restart.
 *
 * @throws {TypeError} for an unknown option, and for an algorithm that is not asymmetric
 * @example
 * ```ts
 * const auth = protect({ issuer, resource, verify: jwtTokens({ types: ["JWT"] }) });
 * ```
 */
export function jwtTokens(options: JWTOptions = {}): VerifyToken {
  requireKnownMembers(options, ["jwksUri", "algorithms", "types"], "jwtTokens");
  const { jwksUri, algorithms = signatureAlgorithms, types = ["at+jwt"] } = options;
  requireAsymmetric(algorithms, "jwtTokens");
  requireArray("jwtTokens: types", types, "string");
  if (jwksUri !== undefined && parseURL(jwksUri) === undefined) {
    throw new TypeError("jwtTokens: jwksUri: expected a URL");
  }
  const accepted = types.map(mediaType);
  const keySets = new WeakMap<Authority, JWTVerifyGetKey>();

  /** The URL is read with each token, as metadata name another one after a migration. */
  async function keysOf(authority: Authority): Promise<JWTVerifyGetKey> {
    const url = jwksUri ?? (await endpointOf(authority, "jwks_uri"));
    const known = keySets.get(authority);
    if (known !== undefined && urls.get(known) === url) return known;
    const keys = createRemoteJWKSet(new URL(url), {
      cacheMaxAge: keysMs,
      cooldownDuration: cooldownMs,
      [customFetch]: pausingFetch(authority),
    });
    keySets.set(authority, keys);
    urls.set(keys, url);
    return keys;
  }

  return async (token, authority) => {
    const keys = await keysOf(authority);
    const { clockSkewMs, now } = authority;
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      requiredClaims: ["iss", "exp"],
      clockTolerance: clockSkewMs / 1000,
      currentDate: new Date(now()),
    }).catch(refuse);
    const { typ: sent = "JWT" } = protectedHeader;
    // The library does not check that it is a text.
    const typ = typeof sent === "string" ? sent : "another type";
    if (!accepted.includes(mediaType(typ))) {
      throw new RefusedTokenError(
        `expected a token of the type ${types.join(" or ")}, got ${typ.slice(0, 40)}`,
      );
    }
    const isIdToken = idTokenClaims.some((name) => payload[name] !== undefined);
    if (isIdToken) throw new RefusedTokenError("expected an access token, got an ID token");
    return payload as TokenClaims;
  };
}

/**
 * Returns a fetch that repeats a failure for a while, since every token would cause a request. Keys that
 * are known need none.
 */
function pausingFetch({ fetch, now }: Authority): FetchImplementation {
  let failure: Promise<Response> | undefined;
  let until = 0;
  return async (url, init) => {
    if (failure !== undefined && now() < until) return failure;
    const answer = fetch(url, init as RequestInit);
    const isKeySet = await answer.then(
      ({ status }) => status === 200,
      () => false,
    );
    failure = isKeySet ? undefined : answer;
    until = now() + failureMs;
    return answer;
  };
}

const urls = new WeakMap<JWTVerifyGetKey, string>();

/** Claims that only ID tokens have. */
const idTokenClaims = ["at_hash", "c_hash", "nonce"];

/** Returns a media type as it is compared: without the prefix that may be left out. */
function mediaType(type: string): string {
  return type.toLowerCase().replace(/^application\//, "");
}

/** A wrong token is the caller's problem. Keys that are not available are not. */
function refuse(error: unknown): never {
  if (!(error instanceof errors.JOSEError) || isFailure(error)) throw error;
  const { code } = error;
  throw new RefusedTokenError(
    reasons[code] ?? "expected a JSON Web Token of the authorization server",
  );
}

function isFailure(error: errors.JOSEError): boolean {
  // The base class stands for a key set that was not received.
  return ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"].includes(error.code);
}

const reasons: { readonly [code: string]: string } = {
  ERR_JWT_EXPIRED: "the token has expired",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "the signature of the token is wrong",
  ERR_JOSE_ALG_NOT_ALLOWED: "the signature algorithm of the token is not accepted",
  ERR_JWKS_NO_MATCHING_KEY: "the authorization server has no key for the signature of the token",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "several keys fit the token, and it names none of them (kid)",
  ERR_JWT_CLAIM_VALIDATION_FAILED: "the token is not valid yet, or a claim is missing",
};
