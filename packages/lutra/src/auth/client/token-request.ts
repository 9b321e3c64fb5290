/**
 * The requests to a token endpoint, and the errors that it answers with.
 *
 * @spec basic/authorization/index#resource-parameter-implementation
 */
import type { JWK } from "jose";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type ClientAuth,
  customFetch,
  type DPoPHandle,
  genericTokenEndpointRequest,
  isDPoPNonceError,
  OperationProcessingError,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
  UnsupportedOperationError,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import { isObject } from "../../protocol/json.ts";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError, type AuthorizationFailure } from "./authorization-error.ts";
import {
  authenticationOf,
  basicCredentials,
  type ClientCredentials,
} from "./client-authentication.ts";
import { createProofs } from "./dpop.ts";
import type { ClientRegistration, Tokens } from "./records.ts";

/** The parties of a token request. */
export interface TokenRequest {
  readonly as: AuthorizationServer;
  readonly client: ClientCredentials;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
  readonly dpopKey?: JWK | undefined;
}

/** The parameters of a token request, without those that are `undefined`. */
export interface TokenParameters {
  readonly grant_type: string;
  readonly [name: string]: string | undefined;
}

/**
 * Sends a request to the token endpoint. A request whose proof lacks the nonce of the server is sent
 * again with it.
 *
 * @throws {AuthorizationError} with the `error` of the authorization server as its code
 */
export async function requestTokens(
  request: TokenRequest,
  parameters: TokenParameters,
): Promise<TokenEndpointResponse> {
  const { as, client, dpopKey } = request;
  const authentication = await authenticationOf(client, as);
  const proofs = dpopKey === undefined ? undefined : await createProofs(dpopKey);
  const send = () => sendOnce(request, { parameters, authentication, proofs });
  try {
    return await send().catch((error) => {
      if (isDPoPNonceError(error)) return send();
      throw error;
    });
  } catch (error) {
    throw await toAuthorizationError(as.issuer, error, secretsOf(client, parameters));
  }
}

/** The parameters of token requests that only the authorization server may read. */
const secretParameters = [
  "actor_token",
  "assertion",
  "code",
  "code_verifier",
  "refresh_token",
  "subject_token",
];

/** Returns the secrets of a request, which an authorization server may repeat in an error. */
function secretsOf(
  client: ClientCredentials,
  parameters: TokenParameters,
): readonly (string | undefined)[] {
  const sent = secretParameters.map((name) => parameters[name]);
  return [...sent, client.clientSecret, basicCredentials(client)];
}

interface Sent {
  readonly parameters: TokenParameters;
  readonly authentication: ClientAuth;
  readonly proofs: DPoPHandle | undefined;
}

async function sendOnce(
  { as, client, fetch, signal }: TokenRequest,
  { parameters: { grant_type, ...rest }, authentication, proofs }: Sent,
): Promise<TokenEndpointResponse> {
  const known = { client_id: client.clientId };
  const given = Object.entries(rest).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const response = await genericTokenEndpointRequest(as, known, authentication, grant_type, given, {
    [customFetch]: fetch,
    [allowInsecureRequests]: true,
    ...(signal && { signal }),
    ...(proofs && { DPoP: proofs }),
  });
  // A token without a type of its own: the result of a token exchange.
  const recognizedTokenTypes = { n_a: () => {} };
  return processGenericTokenEndpointResponse(as, known, response, { recognizedTokenTypes });
}

/** The circumstances under which tokens were issued. */
export interface Issued {
  readonly issuer: string;
  readonly resource: string;
  readonly client: ClientRegistration;
  readonly requestedScopes: readonly string[];
  readonly dpopKey?: JWK | undefined;
  /** The current time, in milliseconds since 1970. */
  readonly now: number;
}

/** Maximum lifetime of an access token, in seconds: a year. */
const maxLifetimeSeconds = 31_536_000;

/**
 * Returns the entry for issued tokens.
 *
 * @throws {AuthorizationError} `unsupported` for a token that is not bound to the key of the client
 */
export function tokensOf(
  { access_token, token_type, expires_in, refresh_token }: TokenEndpointResponse,
  { issuer, resource, client, requestedScopes, dpopKey, now }: Issued,
): Tokens {
  if ((token_type === "dpop") !== (dpopKey !== undefined)) {
    throw new AuthorizationError(
      "unsupported",
      `${quoted(issuer)}: the authorization server issued a token of the type ${quoted(token_type)}, which was not asked for`,
    );
  }
  // The error for a malformed header would contain the token.
  if (!/^[\x21-\x7e]+$/.test(access_token)) {
    throw new AuthorizationError(
      "invalid_response",
      `${quoted(issuer)}: the authorization server issued a token with characters that no header can contain`,
    );
  }
  return {
    ...{ issuer, resource, client, requestedScopes },
    accessToken: access_token,
    tokenType: dpopKey === undefined ? "Bearer" : "DPoP",
    ...(expires_in !== undefined && {
      expiresAt: now + Math.min(expires_in, maxLifetimeSeconds) * 1000,
    }),
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(dpopKey !== undefined && { dpopKey }),
  };
}

/**
 * Converts an error of the library. Its cause is left out, because it contains the response, and so
 * perhaps tokens.
 */
async function toAuthorizationError(
  issuer: string,
  error: unknown,
  secrets: readonly (string | undefined)[],
): Promise<unknown> {
  if (error instanceof ResponseBodyError) return oauthError(issuer, error.cause, secrets);
  if (error instanceof WWWAuthenticateChallengeError) {
    const body: unknown = await error.response.json().catch(() => undefined);
    return oauthError(issuer, isObject(body) ? body : { error: "invalid_client" }, secrets);
  }
  if (error instanceof UnsupportedOperationError || error instanceof OperationProcessingError) {
    const message = `${quoted(issuer)}: the response of the authorization server is invalid: ${quoted(error.message, secrets)}`;
    return new AuthorizationError("invalid_response", message);
  }
  return error;
}

/** The failures by the `error` of an authorization server, with the remedies that messages name. */
const failures: ReadonlyMap<string, readonly [AuthorizationFailure, string]> = new Map([
  ["invalid_grant", ["grant_refused", "sign in again"]],
  ["invalid_client", ["client_refused", "check the id and the secret of the client"]],
  ["unauthorized_client", ["client_refused", "let the client use this grant"]],
  ["access_denied", ["access_denied", "sign in again to permit the access"]],
  ["invalid_scope", ["request_refused", "ask for other scopes"]],
  [
    "invalid_target",
    ["request_refused", "let the authorization server issue tokens for the server"],
  ],
  ["server_error", ["server_error", "try again later"]],
  ["temporarily_unavailable", ["server_error", "try again later"]],
]);

/**
 * Returns the error for an `error` of an authorization server.
 *
 * @param secrets Values that the authorization server knows, and may repeat
 */
export function oauthError(
  issuer: string,
  { error, error_description }: { readonly error?: unknown; readonly error_description?: unknown },
  secrets: readonly (string | undefined)[],
): AuthorizationError {
  const code = typeof error === "string" ? quoted(error, secrets) : "invalid_request";
  const [failure, remedy] = failures.get(code) ?? ["request_refused", "see the description"];
  const text = typeof error_description === "string" ? quoted(error_description, secrets) : "";
  const details = text === "" ? "" : ` (${text})`;
  return new AuthorizationError(
    failure,
    `${quoted(issuer)}: the authorization server answered ${code}${details}; ${remedy}`,
    { code },
  );
}
