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

export { browserSignIn } from "./browser-sign-in.ts";
export { createFileTokenStore } from "./file-token-store.ts";

// For stores.

export * from "./exports.ts";
