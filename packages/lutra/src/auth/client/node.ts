/** `lutra/auth/client` for Node, Bun and Deno: the exports of `index.ts`, all of which work here. */
import { guardedFetch } from "../fetch/node.ts";
import {
  type AccessTokensOptions,
  accessTokensFor,
  type ObtainAccessToken,
} from "./access-tokens.ts";
import { browserSignIn } from "./browser-sign-in.ts";
import { type OAuth, oauthFor } from "./oauth.ts";
import type { OAuthOptions } from "./options.ts";

/**
 * Creates the authorization of a client: finds the authorization server, signs in, keeps and renews
 * tokens, and adds them to requests.
 *
 * @throws {TypeError} for an unknown or invalid option
 */
export const oauth: (options?: OAuthOptions) => OAuth = oauthFor({
  guardedFetch,
  defaultGrant: () => browserSignIn(),
});

/**
 * Creates a function that obtains access tokens for one server by a grant, for programs that send the
 * requests themselves and keep the tokens.
 *
 * @throws {TypeError} for an unknown or invalid option
 * @example
 * ```ts
 * const obtain = accessTokens({ issuer, resource: "https://mcp.example.com/mcp" });
 * const { accessToken } = await obtain(clientCredentials({ issuer, clientId, clientSecret }));
 * ```
 */
export const accessTokens: (options: AccessTokensOptions) => ObtainAccessToken =
  accessTokensFor(guardedFetch);

// For users.

export type { AccessToken, AccessTokensOptions, ObtainAccessToken } from "./access-tokens.ts";
export type { AuthorizationFailure } from "./authorization-error.ts";
export {
  AuthorizationError,
  isAuthorizationError,
  SignInRequiredError,
} from "./authorization-error.ts";
export type { BrowserSignInOptions } from "./browser-sign-in.ts";
export { browserSignIn } from "./browser-sign-in.ts";
export type { ClientCredentials, ClientKey } from "./client-authentication.ts";
export type { IssuedCredentials, WorkloadIdentity } from "./client-credentials.ts";
export { clientCredentials, workloadIdentity } from "./client-credentials.ts";
export type { ClientMetadata } from "./client-metadata.ts";
export { clientMetadataDocument } from "./client-metadata.ts";
export type { EnterpriseManaged, IdentityProvider } from "./enterprise-managed.ts";
export { enterpriseManaged } from "./enterprise-managed.ts";
export type { FileTokenStoreOptions } from "./file-token-store.ts";
export { createFileTokenStore } from "./file-token-store.ts";
export type { Grant } from "./grant.ts";
export type { AccessTokenOptions, OAuth, SignInOptions } from "./oauth.ts";
export type { OAuthOptions } from "./options.ts";
export type { RedirectSignInOptions } from "./redirect-sign-in.ts";
export { redirectSignIn } from "./redirect-sign-in.ts";
export type { RegisteredClient, RegistrationOptions } from "./registration.ts";
export type { SubjectToken, TokenExchange } from "./token-exchange.ts";
export { tokenExchange } from "./token-exchange.ts";

// For stores.

export type { SharedTokenStoreOptions } from "./shared-token-store.ts";
export { createSharedTokenStore } from "./shared-token-store.ts";
export type { MemoryTokenStoreOptions, TokenStore } from "./token-store.ts";
export { createMemoryTokenStore } from "./token-store.ts";
