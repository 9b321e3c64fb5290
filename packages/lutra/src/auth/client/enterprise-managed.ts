/**
 * Enterprise-managed authorization: the identity provider of an organisation decides which servers its
 * members may use, so that they sign in once.
 *
 * @spec basic/authorization/index#mcp-authorization-extensions
 */
import type { AuthorizationServer } from "oauth4webapi";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import type { ClientCredentials } from "./client-authentication.ts";
import { directGrant, type IssuedCredentials, jwtBearer } from "./client-credentials.ts";
import type { Grant, GrantRequest } from "./grant.ts";
import { scopeParameter } from "./scopes.ts";
import { readServerMetadata } from "./server-metadata.ts";
import { type SubjectToken, tokenExchangeType, tokenTypePrefix } from "./token-exchange.ts";
import { requestTokens } from "./token-request.ts";

/** The identity provider, and the client as it knows it. */
export interface IdentityProvider extends ClientCredentials {
  readonly issuer: string;
  /** @default that of its metadata */
  readonly tokenEndpoint?: string;
  /** Returns the user's token. It is called for each access token. */
  readonly subject: () => SubjectToken | Promise<SubjectToken>;
}

export interface EnterpriseManaged extends IssuedCredentials {
  readonly identityProvider: IdentityProvider;
}

/**
 * Creates the grant of a user whose organisation manages the access to servers: the identity provider
 * exchanges the user's token for an assertion (ID-JAG), which the authorization server of the MCP server
 * exchanges for an access token. Every assertion is used once.
 */
export function enterpriseManaged(client: EnterpriseManaged): Grant {
  return directGrant(client, async (request) => ({
    grant_type: jwtBearer,
    assertion: await requestAssertion(client.identityProvider, request),
    scope: scopeParameter(request.scopes),
  }));
}

/** Exchanges the user's token for an assertion about this user, client and server. */
async function requestAssertion(
  provider: IdentityProvider,
  request: GrantRequest,
): Promise<string> {
  const { as, resource, scopes, fetch, signal } = request;
  const { token, type } = await provider.subject();
  const { access_token, issued_token_type, token_type } = await requestTokens(
    { as: await metadataOf(provider, request), client: provider, fetch, signal },
    {
      grant_type: tokenExchangeType,
      requested_token_type: `${tokenTypePrefix}id-jag`,
      audience: as.issuer,
      resource,
      scope: scopeParameter(scopes),
      subject_token: token,
      subject_token_type: tokenTypePrefix + type,
    },
  );
  if (issued_token_type === `${tokenTypePrefix}id-jag` && token_type === "n_a") return access_token;
  throw new AuthorizationError(
    "invalid_response",
    `${quoted(provider.issuer)}: expected an identity assertion (id-jag) from the identity provider; let it issue them to this client`,
  );
}

async function metadataOf(
  { issuer, tokenEndpoint }: IdentityProvider,
  { fetch, signal }: GrantRequest,
): Promise<AuthorizationServer> {
  if (tokenEndpoint === undefined) return readServerMetadata(issuer, { fetch, signal });
  return { issuer, token_endpoint: tokenEndpoint };
}
