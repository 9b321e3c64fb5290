/** Obtains tokens for an upstream from its authorization server, as configured. */
import type { Grant } from "lutra/auth/client";
import type { UpstreamAuthConfig } from "../config/schema.ts";
import type { ClientSecrets, UpstreamSecrets } from "../config/upstream-secrets.ts";
import type { KeptToken } from "./token-cache.ts";

/**
 * Obtains a token. The requests have time limits of their own.
 *
 * @param subject The token of the caller, for grants that exchange it
 */
export type Obtain = (subject: string | undefined) => Promise<KeptToken>;

export interface ObtainInit {
  readonly config: UpstreamAuthConfig;
  /** The resource identifier of the upstream. */
  readonly resource: string;
  readonly secrets: UpstreamSecrets;
}

type OAuthModule = typeof import("lutra/auth/client");

/** Creates the function. It loads the client of OAuth with the first token. */
export function createObtain({ config, resource, secrets }: ObtainInit): Obtain {
  let loading: Promise<(subject: string | undefined) => Promise<KeptToken>> | undefined;

  async function load() {
    const { guardedFetch } = await import("lutra/auth");
    const oauth = await import("lutra/auth/client");
    const { issuer, scopes, identityProvider } = config;
    const { tokenEndpoint } = identityProvider ?? {};
    const trusted = [issuer, identityProvider?.issuer, tokenEndpoint].flatMap((url) =>
      url === undefined ? [] : [new URL(url).origin],
    );
    const fetch = guardedFetch({ trustedOrigins: [...new Set(trusted)] });
    const obtain = oauth.accessTokens({ issuer, resource, scopes, fetch });
    return (subject: string | undefined) => obtain(grantOf(oauth, config, { secrets, subject }));
  }

  return async (subject) => {
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
    return (await loading)(subject);
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
