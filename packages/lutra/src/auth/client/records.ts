/** The entries of a token store, as JSON. */
import type { JWK } from "jose";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { TokenStore } from "./token-store.ts";

/** The tokens for one server. */
export interface Tokens {
  /** The issuer of the authorization server that issued them, and the only one that gets them. */
  readonly issuer: string;
  /** The resource that they are for. */
  readonly resource: string;
  /** The client that they were issued to. */
  readonly client: ClientRegistration;
  readonly accessToken: string;
  readonly tokenType: "Bearer" | "DPoP";
  /** Time after which the access token is invalid, in milliseconds since 1970, if it is known. */
  readonly expiresAt?: number;
  readonly refreshToken?: string;
  /** The scopes that were asked for, of which fewer may have been granted. */
  readonly requestedScopes: readonly string[];
  /** The private key to which the tokens are bound. */
  readonly dpopKey?: JWK;
}

/** A client as one authorization server knows it. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret?: string;
  /** `token_endpoint_auth_method`. */
  readonly method?: string;
  /** Time after which the secret is invalid, in milliseconds since 1970. */
  readonly expiresAt?: number;
  /** The redirect URIs for which it was registered. @default those of a registration by hand */
  readonly redirectUris?: readonly string[];
}

/** An authorization request whose response has not arrived. */
export interface PendingSignIn {
  readonly state: string;
  readonly codeVerifier: string;
  /** The issuer of the validated metadata, to which `iss` of the response is compared. */
  readonly issuer: string;
  /** True when the metadata declared `iss` in every response. */
  readonly promisesIssuer: boolean;
  readonly client: ClientRegistration;
  readonly redirectUri: string;
  readonly server: string;
  readonly resource: string;
  readonly requestedScopes: readonly string[];
  readonly dpopKey?: JWK;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

/** The entries of one user. */
export interface Records {
  readonly tokens: (server: string) => Entry<Tokens>;
  /** The registration of a client with one issuer. */
  readonly client: (issuer: string) => Entry<ClientRegistration>;
  readonly signIn: (state: string) => Entry<PendingSignIn>;
}

/** One entry of a token store. */
export interface Entry<T> {
  readonly get: () => Promise<T | undefined>;
  /** Stores a value, at least until `expiresAt`, in milliseconds since 1970. @default indefinitely */
  readonly set: (value: T, expiresAt?: number) => Promise<void>;
  readonly delete: () => Promise<void>;
  readonly lock: <R>(work: () => Promise<R>, signal?: AbortSignal) => Promise<R>;
}

/** Returns the entries of one user. Registrations are shared by all users of the store. */
export function recordsOf(store: TokenStore, user: string): Records {
  return {
    tokens: (server) => entry(store, ["tokens", user, server], isTokens),
    client: (issuer) => entry(store, ["client", issuer], isRegistration),
    signIn: (state) => entry(store, ["sign-in", user, state], isPending),
  };
}

function entry<T>(
  store: TokenStore,
  parts: readonly string[],
  is: (value: JSONObject) => boolean,
): Entry<T> {
  const key = JSON.stringify(parts);
  return {
    // An entry of another version counts as absent, so that the user signs in again.
    get: async () => {
      const text = await store.get(key);
      const value = text === undefined ? undefined : decoded(text);
      return isObject(value) && is(value) ? (value as T) : undefined;
    },
    set: (value, expiresAt) => store.set(key, JSON.stringify(value), expiresAt),
    delete: () => store.delete(key),
    lock: (work, signal) => store.lock(key, work, signal),
  };
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTokens({ issuer, resource, client, accessToken, ...rest }: JSONObject): boolean {
  const areTexts = [issuer, resource, accessToken].every(isText);
  return areTexts && isObject(client) && Array.isArray(rest.requestedScopes);
}

function isRegistration({ clientId }: JSONObject): boolean {
  return isText(clientId);
}

function isPending({ state, codeVerifier, issuer, client, startedAt }: JSONObject): boolean {
  return [state, codeVerifier, issuer].every(isText) && isObject(client) && isNumber(startedAt);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
