/** The exports of `lutra/auth/client` that are the same on all platforms. */

export type { AccessToken, AccessTokensOptions, ObtainAccessToken } from "./access-tokens.ts";
export type { AuthorizationFailure } from "./authorization-error.ts";
export {
  AuthorizationError,
  isAuthorizationError,
  SignInRequiredError,
} from "./authorization-error.ts";
export type { BrowserSignInOptions } from "./browser-sign-in.ts";
export type { ClientCredentials, ClientKey } from "./client-authentication.ts";
export type { IssuedCredentials, WorkloadIdentity } from "./client-credentials.ts";
export { clientCredentials, workloadIdentity } from "./client-credentials.ts";
export type { ClientMetadata } from "./client-metadata.ts";
export { clientMetadataDocument } from "./client-metadata.ts";
export type { EnterpriseManaged, IdentityProvider } from "./enterprise-managed.ts";
export { enterpriseManaged } from "./enterprise-managed.ts";
export type { FileTokenStoreOptions } from "./file-token-store.ts";
export type { Grant } from "./grant.ts";
export type { AccessTokenOptions, OAuth, SignInOptions } from "./oauth.ts";
export type { OAuthOptions } from "./options.ts";
export type { RedirectSignInOptions } from "./redirect-sign-in.ts";
export { redirectSignIn } from "./redirect-sign-in.ts";
export type { RegisteredClient, RegistrationOptions } from "./registration.ts";
export type { SharedTokenStoreOptions } from "./shared-token-store.ts";
export { createSharedTokenStore } from "./shared-token-store.ts";
export type { SubjectToken, TokenExchange } from "./token-exchange.ts";
export { tokenExchange } from "./token-exchange.ts";
export type { MemoryTokenStoreOptions, TokenStore } from "./token-store.ts";
export { createMemoryTokenStore } from "./token-store.ts";
