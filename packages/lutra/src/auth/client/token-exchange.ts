/**
 * Programs that act for their callers: a server or a gateway exchanges the token of a caller for one
 * that is issued for another server (RFC 8693), since a token must not be passed on.
 *
 * @spec basic/authorization/security-considerations#access-token-privilege-restriction
 */
import type { TokenEndpointResponse } from "oauth4webapi";
import { quoted, textOf } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import { directGrant, type IssuedCredentials } from "./client-credentials.ts";
import type { Grant, GrantRequest } from "./grant.ts";
import { scopeParameter } from "./scopes.ts";
import type { TokenParameters } from "./token-request.ts";

/** The beginning of the names of types of tokens. */
export const tokenTypePrefix = "urn:ietf:params:oauth:token-type:";
/** The grant type that exchanges a token for another one. */
export const tokenExchangeType = "urn:ietf:params:oauth:grant-type:token-exchange";

/** A token that identifies a user to an authorization server. */
export interface SubjectToken {
  readonly token: string;
  readonly type: "access_token" | "id_token" | "jwt" | "refresh_token" | "saml2";
}

export interface TokenExchange extends IssuedCredentials {
  /**
   * The name of the server, for an authorization server that knows it by a name other than its
   * resource identifier. @default the resource identifier alone
   */
  readonly audience?: string | undefined;
  /** Returns the token of the caller. It is called for each access token. */
  readonly subject: () => SubjectToken | Promise<SubjectToken>;
}

/**
 * Creates the grant of a program that acts for its caller: the authorization server exchanges the token
 * of the caller for an access token for another server.
 *
 * @example
 * ```ts
 * const subject = () => ({ token: callersToken, type: "access_token" as const });
 * const grant = tokenExchange({ issuer, clientId, clientSecret, subject });
 * ```
 */
export function tokenExchange(client: TokenExchange): Grant {
  const parameters = async ({ scopes }: GrantRequest): Promise<TokenParameters> => {
    const { token, type } = await client.subject();
    return {
      grant_type: tokenExchangeType,
      subject_token: token,
      subject_token_type: tokenTypePrefix + type,
      requested_token_type: `${tokenTypePrefix}access_token`,
      audience: client.audience,
      scope: scopeParameter(scopes),
    };
  };
  return directGrant(client, parameters, (response) => requireAccessToken(client, response));
}

/** @throws {AuthorizationError} `invalid_response` for a token that is not one for requests */
function requireAccessToken(
  { issuer }: TokenExchange,
  { issued_token_type: type, token_type }: TokenEndpointResponse,
): void {
  const isAccess = type === undefined || accessTypes.some((one) => tokenTypePrefix + one === type);
  if (isAccess && token_type !== "n_a") return;
  // Any other text could be the token of the caller, which the server knows.
  const got = /^urn:[\w:-]{1,80}$/.test(textOf(type)) ? type : "another type";
  throw new AuthorizationError(
    "invalid_response",
    `${quoted(issuer)}: expected an access token from the exchange, got ${got}`,
  );
}

/** An access token may be named by its format. */
const accessTypes = ["access_token", "jwt"];
