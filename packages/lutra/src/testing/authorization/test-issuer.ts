/** An authorization server in memory that signs tokens for tests. */
import type { JSONObject } from "../../protocol/json.ts";

export interface TestIssuerOptions {
  /** @default "https://issuer.example.com" */
  readonly issuer?: string;
  /** The audience of tokens: the `resource` of the server under test. */
  readonly resource: string;
}

/** A key of a client, with which it proves that it holds a token. */
export interface TestKey {
  /** The thumbprint of the key, for `cnf.jkt` of a token. */
  readonly thumbprint: string;
  /**
   * Signs a proof for a request with a token.
   *
   * @param claims Replace those of a valid proof
   * @param header Replaces members of the header of a valid proof
   */
  readonly proof: (token: string, claims?: JSONObject, header?: JSONObject) => Promise<string>;
}

/** An authorization server in memory. */
export interface TestIssuer {
  readonly issuer: string;
  readonly resource: string;
  /** The options with which `protect` trusts this issuer. */
  readonly options: {
    readonly issuer: string;
    readonly resource: string;
    /** Answers requests for the metadata and the keys of the issuer. */
    readonly fetch: typeof fetch;
  };
  /**
   * Signs an access token for the resource, which is valid for five minutes.
   *
   * @param claims Replace those of a valid token; undefined leaves one out
   * @param header Replaces members of the header of a valid token
   */
  readonly token: (claims?: TestClaims, header?: JSONObject) => Promise<string>;
  /** Returns a token whose signature is made with HS256 and the public key as its secret. */
  readonly tokenSignedWithPublicKey: () => Promise<string>;
  /** Returns a token without a signature. */
  readonly unsignedToken: () => string;
  /** Returns a token that is signed with a key which the issuer does not have. */
  readonly forgedToken: () => Promise<string>;
  /** Replaces the key of the issuer with a new one, which has another id. */
  readonly rotate: () => Promise<void>;
  /** Creates a key of a client. */
  readonly createKey: () => Promise<TestKey>;
}

/** Claims of a token. Undefined leaves a claim out. */
export interface TestClaims {
  readonly [name: string]: unknown;
}

/** Time for which a token is valid, in seconds. */
const validS = 300;

/**
 * Creates an authorization server in memory. It answers through its `fetch`, so no port is opened.
 *
 * @example
 * ```ts
 * const issuer = await createTestIssuer({ resource: "https://library.example.com/mcp" });
 * const authenticate = protect(issuer.options);
 * const headers = { authorization: `Bearer ${await issuer.token({ scope: "books:read" })}` };
 * ```
 */
export async function createTestIssuer({
  issuer = "https://issuer.example.com",
  resource,
}: TestIssuerOptions): Promise<TestIssuer> {
  // Loaded when it is needed, as most tests need no tokens.
  const jose = await import("jose");
  const newKey = () => jose.generateKeyPair("RS256", { extractable: true });
  let keyCount = 1;
  let keys = await newKey();

  const keyId = () => `key-${keyCount}`;
  const publicKey = async () => ({
    ...(await jose.exportJWK(keys.publicKey)),
    kid: keyId(),
    alg: "RS256",
    use: "sig",
  });
  const documents: { readonly [path: string]: () => Promise<unknown> } = {
    "/.well-known/oauth-authorization-server": async () => ({ issuer, jwks_uri: `${issuer}/keys` }),
    "/keys": async () => ({ keys: [await publicKey()] }),
  };
  const claimsOf = (claims: TestClaims): JSONObject => {
    const now = Math.floor(Date.now() / 1000);
    const valid = { iss: issuer, aud: resource, sub: "ana", client_id: "test", iat: now };
    const all = { ...valid, jti: crypto.randomUUID(), exp: now + validS, ...claims };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  };
  const headerOf = (header: JSONObject) => ({
    alg: "RS256",
    typ: "at+jwt",
    kid: keyId(),
    ...header,
  });
  const sign = (claims: TestClaims, header: JSONObject, key: CryptoKey | Uint8Array) =>
    new jose.SignJWT(claimsOf(claims)).setProtectedHeader(headerOf(header)).sign(key);
  const encode = (value: unknown) => jose.base64url.encode(JSON.stringify(value));

  const answer: typeof fetch = async (input) => {
    const { origin, pathname } = new URL(new Request(input).url);
    const document = origin === new URL(issuer).origin ? documents[pathname] : undefined;
    return document ? Response.json(await document()) : new Response(null, { status: 404 });
  };

  return {
    issuer,
    resource,
    options: { issuer, resource, fetch: answer },
    token: (claims = {}, header = {}) => sign(claims, header, keys.privateKey),
    tokenSignedWithPublicKey: async () => {
      const pem = await jose.exportSPKI(keys.publicKey);
      return sign({}, { alg: "HS256" }, new TextEncoder().encode(pem));
    },
    unsignedToken: () => `${encode(headerOf({ alg: "none" }))}.${encode(claimsOf({}))}.`,
    forgedToken: async () => sign({}, {}, (await newKey()).privateKey),
    rotate: async () => {
      keyCount += 1;
      keys = await newKey();
    },
    createKey: () => createKey(resource),
  };
}

async function createKey(resource: string): Promise<TestKey> {
  const jose = await import("jose");
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
  const jwk = await jose.exportJWK(publicKey);
  return {
    thumbprint: await jose.calculateJwkThumbprint(jwk, "sha256"),
    proof: async (token, claims = {}, header = {}) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
      const valid = {
        jti: crypto.randomUUID(),
        htm: "POST",
        htu: resource,
        iat: Math.floor(Date.now() / 1000),
        ath: jose.base64url.encode(new Uint8Array(digest)),
      };
      return new jose.SignJWT({ ...valid, ...claims })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk, ...header })
        .sign(privateKey);
    },
  };
}
