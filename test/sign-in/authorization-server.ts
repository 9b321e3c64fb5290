/** A real authorization server on loopback. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider, { errors, type KoaContextWithOIDC } from "oidc-provider";
import { registerExchange, type SeenExchange } from "./exchange-secrets.ts";

/** One request that reached the authorization server. */
interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

export interface AuthorizationServerOptions {
  /** The resources for which tokens are issued. */
  readonly resource: () => string | readonly string[];
  /** The scopes of the resource. */
  readonly scopes?: readonly string[];
  /** The scope of an authorization request that names none. @default such a request is refused */
  readonly defaultScope?: string;
  /** Clients that were registered beforehand. */
  readonly clients?: readonly object[];
  readonly features?: { readonly [feature: string]: object };
  /** Lifetime of access tokens, in seconds. */
  readonly accessTokenSeconds?: number;
  /** Further grants, by their types. */
  readonly grants?: { readonly [type: string]: CustomGrant };
  /** Sends the requests of the authorization server, for example for metadata documents. */
  readonly fetch?: typeof fetch;
  /** Receives every request with its response. */
  readonly onExchange?: (exchange: SeenExchange) => void;
}

/** A grant that names its subject by a token of another server. */
interface CustomGrant {
  readonly parameters: readonly string[];
  /** Returns the user whom the parameters name, or undefined to refuse the grant. */
  readonly subjectOf: (parameters: {
    readonly [name: string]: string | undefined;
  }) => Promise<string | undefined>;
}

export interface AuthorizationServer {
  readonly issuer: string;
  readonly seen: SeenRequest[];
  /** Replaces the signing keys. Tokens that were issued before become invalid. */
  readonly rotateKeys: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts an authorization server on a free port. */
export async function startAuthorizationServer(
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const seen: SeenRequest[] = [];
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const shared = { adapter: createAdapter(), cookieKey: crypto.randomUUID() };
  let handle = (await createProvider(issuer, options, shared)).callback();
  http.on("request", (request, response) => {
    const { method = "", url = "" } = request;
    seen.push({ method, path: new URL(url, issuer).pathname });
    request.url = withScope(url, options.defaultScope);
    recordExchange(request, response, { issuer, ...options });
    handle(request, response);
  });
  return {
    issuer,
    seen,
    rotateKeys: async () => {
      handle = (await createProvider(issuer, options, shared)).callback();
    },
    close: () => closeServer(http),
  };
}

/** Adds the scope to an authorization request without one (RFC 6749, section 3.3). */
function withScope(url: string, scope: string | undefined): string {
  if (scope === undefined || !url.startsWith("/auth?") || /[?&]scope=/.test(url)) return url;
  return `${url}&scope=${encodeURIComponent(scope)}`;
}

/** Reports an exchange at its end, and registers its secrets. The bodies are read on their way, which changes nothing for others. */
function recordExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { issuer, onExchange }: { readonly issuer: string } & AuthorizationServerOptions,
): void {
  const sent: unknown[] = [];
  const received: unknown[] = [];
  const { push } = request;
  request.push = (chunk, encoding) => {
    received.push(chunk ?? "");
    return push.call(request, chunk, encoding);
  };
  const { end } = response;
  response.end = ((...args: Parameters<typeof end>) => {
    sent.push(typeof args[0] === "function" ? "" : (args[0] ?? ""));
    return end.apply(response, args);
  }) as typeof end;
  response.on("finish", () => {
    const exchange = {
      url: new URL(request.url ?? "", issuer),
      requestHeaders: request.headers,
      requestBody: received.join(""),
      responseHeaders: response.getHeaders(),
      responseBody: sent.join(""),
    };
    registerExchange(exchange);
    onExchange?.(exchange);
  });
}

interface Shared {
  readonly adapter: ReturnType<typeof createAdapter>;
  readonly cookieKey: string;
}

async function createProvider(
  issuer: string,
  {
    resource,
    scopes = [],
    clients = [],
    features = {},
    accessTokenSeconds = 3600,
    fetch: send,
    grants = {},
  }: AuthorizationServerOptions,
  { adapter, cookieKey }: Shared,
): Promise<Provider> {
  const getResourceServerInfo = (_context: unknown, indicator: string) => {
    if (![resource()].flat().includes(indicator)) throw new Error(`unknown resource ${indicator}`);
    return {
      scope: scopes.join(" "),
      audience: indicator,
      accessTokenFormat: "jwt",
      accessTokenTTL: accessTokenSeconds,
    };
  };
  const provider = new Provider(issuer, {
    adapter,
    clients,
    jwks: { keys: [await createSigningKey()] },
    cookies: { keys: [cookieKey] },
    scopes: ["openid", "offline_access", ...scopes],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    ...(send && { fetch: send }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo },
      ...features,
    },
  });
  for (const [type, { parameters, subjectOf }] of Object.entries(grants)) {
    const handle = async (ctx: KoaContextWithOIDC) => {
      const { client, params = {} } = ctx.oidc;
      const accountId = await subjectOf(params);
      if (accountId === undefined || client === undefined) throw new errors.InvalidGrant("refused");
      const indicator = String(params.resource);
      const token = new provider.AccessToken({
        accountId,
        client,
        gty: type,
        scope: scopes.join(" "),
      });
      token.resourceServer = new provider.ResourceServer(
        indicator,
        getResourceServerInfo({}, indicator),
      );
      const access_token = await token.save();
      const issued = { issued_token_type: "urn:ietf:params:oauth:token-type:access_token" };
      ctx.body = { access_token, token_type: "Bearer", expires_in: accessTokenSeconds, ...issued };
    };
    provider.registerGrantType(type, handle, [...parameters, "resource", "scope"]);
  }
  return provider;
}

async function createSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), use: "sig", kid: crypto.randomUUID(), alg: "RS256" };
}

/** Creates a memory that outlives the rotation of keys. */
function createAdapter() {
  const models = new Map<string, Map<string, { [name: string]: unknown }>>();
  const byUid = new Map<string, { [name: string]: unknown }>();
  return class {
    readonly #rows: Map<string, { [name: string]: unknown }>;

    constructor(name: string) {
      this.#rows = models.get(name) ?? new Map();
      models.set(name, this.#rows);
    }

    async upsert(id: string, payload: { [name: string]: unknown }) {
      this.#rows.set(id, payload);
      if (typeof payload.uid === "string") byUid.set(payload.uid, payload);
    }

    async find(id: string) {
      return this.#rows.get(id);
    }

    async findByUid(uid: string) {
      return byUid.get(uid);
    }

    async findByUserCode() {
      return undefined;
    }

    async destroy(id: string) {
      this.#rows.delete(id);
    }

    async consume(id: string) {
      const row = this.#rows.get(id);
      if (row !== undefined) row.consumed = Math.floor(Date.now() / 1000);
    }

    async revokeByGrantId(grantId: string) {
      for (const [id, row] of this.#rows) if (row.grantId === grantId) this.#rows.delete(id);
    }
  };
}

/** Closes a server and its connections. */
export async function closeServer(http: Server): Promise<void> {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
}
