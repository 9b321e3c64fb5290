/**
 * The authorization request: the URL on which the user signs in, and the record that its response is
 * checked against.
 *
 * @spec basic/authorization/index#authorization-flow-steps
 */
import {
  type AuthorizationServer,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
} from "oauth4webapi";
import { parseURL } from "../../protocol/parse-url.ts";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import { createDPoPKey } from "./dpop.ts";
import type { GrantRequest } from "./grant.ts";
import { isLoopback, isProtected } from "./loopback.ts";
import type { ClientRegistration, PendingSignIn } from "./records.ts";
import { asksForOfflineAccess, scopeParameter, withOfflineAccess } from "./scopes.ts";
import { unsafeEndpoint } from "./server-metadata.ts";

/** Creates the record of a sign-in. */
export async function createPendingSignIn(
  { as, server, resource, scopes, isDPoP, now }: GrantRequest,
  client: ClientRegistration,
  redirectUri: string,
): Promise<PendingSignIn> {
  return {
    state: generateRandomState(),
    codeVerifier: generateRandomCodeVerifier(),
    issuer: as.issuer,
    promisesIssuer: as.authorization_response_iss_parameter_supported === true,
    ...{ client, redirectUri, resource },
    server: server.href,
    requestedScopes: scopes,
    ...(isDPoP && { dpopKey: await createDPoPKey(as) }),
    startedAt: now(),
  };
}

/**
 * Returns the URL on which the user signs in.
 *
 * @throws {AuthorizationError} `unsafe_url` for an endpoint that no browser should open
 */
export async function authorizationURL(
  as: AuthorizationServer,
  { client, redirectUri, state, codeVerifier, resource, requestedScopes, server }: PendingSignIn,
): Promise<URL> {
  const url = authorizationEndpoint(as, new URL(server));
  const scopes = withOfflineAccess(requestedScopes, as.scopes_supported);
  const parameters = {
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
    resource,
    scope: scopeParameter(scopes),
    // OpenID Connect grants offline access only with consent.
    prompt: asksForOfflineAccess(scopes) ? "consent" : undefined,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/**
 * Checks that the authorization server protects codes from being intercepted. Metadata without the
 * member means that it does not.
 *
 * @throws {AuthorizationError} `no_pkce`
 * @spec basic/authorization/security-considerations#authorization-code-protection
 */
export function requirePKCE({
  issuer,
  code_challenge_methods_supported: methods,
}: AuthorizationServer): void {
  if (methods?.includes("S256") === true) return;
  throw new AuthorizationError(
    "no_pkce",
    `${quoted(issuer)}: expected code_challenge_methods_supported with S256 in the metadata of the authorization server; without PKCE, codes can be stolen`,
  );
}

/** A server elsewhere must not send the browser to a program of this machine. */
function authorizationEndpoint(
  { issuer, authorization_endpoint }: AuthorizationServer,
  server: URL,
): URL {
  const url = parseURL(authorization_endpoint);
  if (url !== undefined && isProtected(url) && (isLoopback(server) || !isLoopback(url))) {
    url.hash = "";
    return url;
  }
  throw unsafeEndpoint(issuer, "authorization_endpoint");
}
