/** The authorization of a client with OAuth. */
import { allowInsecureRequests, customFetch, revocationRequest } from "oauth4webapi";
import type { HttpAuthorization } from "../../transport/http/authorization.ts";
import { parseEndpoint } from "../../transport/http/client.ts";
import { type AccessToken, accessTokenOf } from "./access-tokens.ts";
import { afterSignIn } from "./after-sign-in.ts";
import { authorizedFetch } from "./authorized-fetch.ts";
import { bareRefusal } from "./challenge.ts";
import { authenticationOf } from "./client-authentication.ts";
import { isProtected } from "./loopback.ts";
import { type CompleteOptions, type OAuthOptions, type Platform, withDefaults } from "./options.ts";
import { type Records, recordsOf, type Tokens } from "./records.ts";
import { ServerAuthorization } from "./server-authorization.ts";
import { readServerMetadata } from "./server-metadata.ts";

/** The authorization of one user or program, for the option `auth` of any number of clients. */
export interface OAuth extends HttpAuthorization {
  /** Obtains tokens for a server now, instead of with the first request that needs them. */
  readonly signIn: (server: string | URL, options?: SignInOptions) => Promise<void>;
  /**
   * Revokes and forgets the tokens for a server. Resolves to false when there were none. Revocation is
   * attempted once; tokens that remain valid at the authorization server expire by themselves.
   */
  readonly signOut: (server: string | URL) => Promise<boolean>;
  /** Resolves to true while there are tokens for a server. They may have been revoked. */
  readonly isSignedIn: (server: string | URL) => Promise<boolean>;
  /**
   * Resolves to the access token for requests that the application sends itself, renewed if it has
   * expired. Resolves to undefined while the user has to sign in. Reads the store with each call.
   */
  readonly accessToken: (
    server: string | URL,
    options?: AccessTokenOptions,
  ) => Promise<AccessToken | undefined>;
  /**
   * Ends a sign-in of `redirectSignIn` with the URL of the request with which the user returned.
   *
   * @throws {AuthorizationError} for a response that belongs to no sign-in of this user, and for one that
   *   reports an error
   */
  readonly finishSignIn: (url: string | URL) => Promise<void>;
}

export interface SignInOptions {
  readonly signal?: AbortSignal;
}

export interface AccessTokenOptions {
  /** A token that the server has refused, which is renewed. @default none */
  readonly refused?: string | undefined;
}

/** Creates the `oauth` of a runtime. */
export function oauthFor(platform: Platform): (options?: OAuthOptions) => OAuth {
  return (options = {}) => {
    const completed = withDefaults(options, platform);
    return createOAuth(completed, recordsOf(completed.store, completed.user));
  };
}

function createOAuth(options: CompleteOptions, records: Records): OAuth {
  const servers = new Map<string, ServerAuthorization>();
  const serverOf = (url: string | URL): ServerAuthorization => {
    const server = serverURL(url);
    const known = servers.get(server.href);
    if (known !== undefined) return known;
    const created = new ServerAuthorization(server, options, records);
    servers.set(server.href, created);
    return created;
  };
  return {
    afterSignIn,
    authorize: (server, send) => authorizedFetch(serverOf(server), send),
    signIn: async (url, { signal } = {}) => {
      const server = serverOf(url);
      await server.signIn(bareRefusal, await server.tokens(), signal);
    },
    signOut: async (url) => {
      const server = serverOf(url);
      const tokens = await server.forget();
      if (tokens !== undefined) await revoke(tokens, server.server, options).catch(() => {});
      return tokens !== undefined;
    },
    isSignedIn: async (url) => (await serverOf(url).tokens()) !== undefined,
    accessToken: async (url, { refused } = {}) => {
      const tokens = await serverOf(url).readTokens(refused);
      return tokens && accessTokenOf(tokens);
    },
    finishSignIn: async (url) => {
      const { grant, fetchFor, now } = options;
      if (grant.finish === undefined) {
        throw new TypeError("finishSignIn: expected the grant redirectSignIn");
      }
      const parameters = new URL(url).searchParams;
      const request = { parameters, records, fetchFor, now, signal: undefined };
      const { server, tokens } = await grant.finish(request);
      await serverOf(server).store(tokens, "granted");
    },
  };
}

/**
 * Parses the URL of a server, without query and fragment.
 *
 * @throws {TypeError} for a URL over which tokens could be read
 */
function serverURL(url: string | URL): URL {
  const server = parseEndpoint(url);
  server.search = "";
  server.hash = "";
  if (server.username !== "" || server.password !== "") {
    throw new TypeError("auth: expected a URL without a user name and a password");
  }
  if (isProtected(server)) return server;
  throw new TypeError(
    `auth: expected an https URL, or an http URL of this machine, got ${server.origin}`,
  );
}

async function revoke(tokens: Tokens, server: URL, options: CompleteOptions): Promise<void> {
  const fetch = options.fetchFor(server);
  const as = await readServerMetadata(tokens.issuer, { fetch, signal: undefined });
  if (as.revocation_endpoint === undefined) return;
  const client = options.grant.credentialsOf(tokens.issuer, tokens.client);
  const authentication = await authenticationOf(client, as);
  // With the refresh token, its access tokens are revoked, too.
  const token = tokens.refreshToken ?? tokens.accessToken;
  await revocationRequest(as, { client_id: client.clientId }, authentication, token, {
    [customFetch]: fetch,
    [allowInsecureRequests]: true,
  });
}
