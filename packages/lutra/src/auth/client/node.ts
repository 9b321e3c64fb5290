/** `lutra/auth/client` for Node, Bun and Deno: the exports of `index.ts`, all of which work here. */
import { guardedFetch } from "../fetch/node.ts";
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

// For users.

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
export type { EnterpriseManaged, IdentityProvider, SubjectToken } from "./enterprise-managed.ts";
export { enterpriseManaged } from "./enterprise-managed.ts";
export type { FileTokenStoreOptions } from "./file-token-store.ts";
export { createFileTokenStore } from "./file-token-store.ts";
export type { Grant } from "./grant.ts";
export type { OAuth, SignInOptions } from "./oauth.ts";
export type { OAuthOptions } from "./options.ts";
export type { RedirectSignInOptions } from "./redirect-sign-in.ts";
export { redirectSignIn } from "./redirect-sign-in.ts";
export type { RegisteredClient, RegistrationOptions } from "./registration.ts";

// For stores.

export type { SharedTokenStoreOptions } from "./shared-token-store.ts";
export { createSharedTokenStore } from "./shared-token-store.ts";
export type { MemoryTokenStoreOptions, TokenStore } from "./token-store.ts";
export { createMemoryTokenStore } from "./token-store.ts";
