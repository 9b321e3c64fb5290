/** Obtains tokens for an upstream from its authorization server, as configured. */
import type { Grant, ObtainAccessToken } from "lutra/auth/client";
import { BoundedMap } from "lutra/internal";
import type { UpstreamAuthConfig } from "../config/schema.ts";
import type { ClientSecrets, UpstreamSecrets } from "../config/upstream-secrets.ts";
import type { KeptToken } from "./token-cache.ts";

/**
 * Obtains a token. The requests have time limits of their own.
 *
 * @param subject The token of the caller, for grants that exchange it
 * @param further The scopes to ask for beyond the configured ones
 */
export type Obtain = (
  subject: string | undefined,
  further: readonly string[],
) => Promise<KeptToken>;

/** Maximum number of sets of scopes for which the metadata of the authorization server are kept. */
const maxScopeSets = 32;

export interface ObtainInit {
  readonly config: UpstreamAuthConfig;
  /** The resource identifier of the upstream. */
  readonly resource: string;
  readonly secrets: UpstreamSecrets;
}

type OAuthModule = typeof import("lutra/auth/client");

/** Creates the function. It loads the client of OAuth with the first token. */
export function createObtain({ config, resource, secrets }: ObtainInit): Obtain {
  let loading: Promise<Obtain> | undefined;

  async function load(): Promise<Obtain> {
    const { guardedFetch } = await import("lutra/auth");
    const oauth = await import("lutra/auth/client");
    const { issuer, scopes, dpop, identityProvider } = config;
    const { tokenEndpoint } = identityProvider ?? {};
    const trusted = [issuer, identityProvider?.issuer, tokenEndpoint].flatMap((url) =>
      url === undefined ? [] : [new URL(url).origin],
    );
    const fetch = guardedFetch({ trustedOrigins: [...new Set(trusted)] });
    const byScopes = new BoundedMap<string, ObtainAccessToken>({ maxEntries: maxScopeSets });
    const withScopes = (further: readonly string[]): ObtainAccessToken => {
      const key = further.join(" ");
      const known = byScopes.get(key);
      if (known !== undefined) return known;
      const all = [...scopes, ...further];
      const created = oauth.accessTokens({ issuer, resource, scopes: all, dpop, fetch });
      byScopes.set(key, created);
      return created;
    };
    return (subject, further) => withScopes(further)(grantOf(oauth, config, { secrets, subject }));
  }

  return async (...args) => {
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
    return (await loading)(...args);
  };
}

interface GrantParts {
  readonly secrets: UpstreamSecrets;
  readonly subject: string | undefined;
}

function grantOf(
  oauth: OAuthModule,
  config: UpstreamAuthConfig,
  { secrets, subject = "" }: GrantParts,
): Grant {
  const { grant, issuer, audience, subjectTokenType: type, identityProvider } = config;
  const client = { issuer, ...clientOf(config, secrets.client) };
  const subjectOf = () => ({ token: subject, type });
  if (grant === "client-credentials") return oauth.clientCredentials(client);
  if (grant === "token-exchange" || identityProvider === undefined) {
    return oauth.tokenExchange({ ...client, audience, subject: subjectOf });
  }
  const { issuer: provider, tokenEndpoint } = identityProvider;
  return oauth.enterpriseManaged({
    ...client,
    identityProvider: {
      ...clientOf(identityProvider, secrets.identityProvider),
      issuer: provider,
      ...(tokenEndpoint !== undefined && { tokenEndpoint }),
      subject: subjectOf,
    },
  });
}

type ClientConfig = Pick<
  UpstreamAuthConfig,
  "clientId" | "authentication" | "keyAlgorithm" | "keyId"
>;

function clientOf(
  { clientId, authentication: method, keyAlgorithm: algorithm, keyId }: ClientConfig,
  { clientSecret, privateKey }: ClientSecrets,
) {
  const key = privateKey === undefined ? undefined : { privateKey, algorithm };
  return {
    clientId,
    ...{ method, clientSecret },
    ...(key && { key: keyId === undefined ? key : { ...key, keyId } }),
  };
}
