/**
 * `lutra/auth/client` for browsers and edge platforms. Node, Bun and Deno load `node.ts`, which adds the
 * sign-in in the browser and the store in a file.
 */
import { guardedFetch } from "../fetch/edge.ts";
import {
  type AccessTokensOptions,
  accessTokensFor,
  type ObtainAccessToken,
} from "./access-tokens.ts";
import type { BrowserSignInOptions } from "./browser-sign-in.ts";
import type { FileTokenStoreOptions } from "./file-token-store.ts";
import type { Grant } from "./grant.ts";
import { type OAuth, oauthFor } from "./oauth.ts";
import type { OAuthOptions } from "./options.ts";
import type { TokenStore } from "./token-store.ts";

/**
 * Creates the authorization of a client: finds the authorization server, signs in, keeps and renews
 * tokens, and adds them to requests.
 *
 * @throws {TypeError} for an unknown or invalid option
 * @spec basic/authorization/index#authorization-flow-steps
 * @example
 * ```ts
 * const client = createClient("https://mcp.example.com/mcp", { auth: oauth() });
 * ```
 */
export const oauth: (options?: OAuthOptions) => OAuth = oauthFor({
  guardedFetch,
  defaultGrant: () => browserSignIn(),
});

/**
 * Creates the sign-in of a program on the user's machine: it opens the browser, and the browser returns
 * to a port of this machine. Only on Node, Bun and Deno.
 *
 * @throws {TypeError} for an invalid option, and on other platforms
 */
export function browserSignIn(_options?: BrowserSignInOptions): Grant {
  throw new TypeError(
    "oauth: a sign-in in the browser needs Node, Bun or Deno; pass another grant, such as redirectSignIn",
  );
}

/**
 * Creates a store in a file that only the user can read. Only on Node, Bun and Deno.
 *
 * @throws {TypeError} on other platforms
 */
export function createFileTokenStore(_options?: FileTokenStoreOptions): TokenStore {
  throw new TypeError(
    "createFileTokenStore: needs Node, Bun or Deno; implement TokenStore instead",
  );
}

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

// For stores.

export * from "./exports.ts";
