/**
 * Programs that act for themselves.
 *
 * @spec basic/authorization/index#mcp-authorization-extensions
 */
import type { TokenEndpointResponse } from "oauth4webapi";
import { requireArray } from "../../protocol/known-members.ts";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import type { ClientCredentials } from "./client-authentication.ts";
import { createDPoPKey } from "./dpop.ts";
import type { Grant, GrantRequest } from "./grant.ts";
import type { Tokens } from "./records.ts";
import { scopeParameter } from "./scopes.ts";
import { requestTokens, type TokenParameters, tokensOf } from "./token-request.ts";

/** A client that is registered with one authorization server. */
export interface IssuedCredentials extends ClientCredentials {
  /**
   * The issuer that knows the client, exactly as its metadata spells it. The credentials are sent to no
   * other one.
   */
  readonly issuer: string;
}

/**
 * Creates the grant of a program that acts for itself, with a secret or with a key (`private_key_jwt`).
 *
 * @throws {TypeError} without a secret and a key
 * @example
 * ```ts
 * const grant = clientCredentials({ issuer, clientId, key: { privateKey: pem } });
 * const client = createClient(url, { auth: oauth({ grant }) });
 * ```
 */
export function clientCredentials(client: IssuedCredentials): Grant {
  if (client.clientSecret === undefined && client.key === undefined) {
    throw new TypeError("clientCredentials: expected clientSecret or key");
  }
  const parameters = async ({ scopes }: GrantRequest) => ({
    grant_type: "client_credentials",
    scope: scopeParameter(scopes),
  });
  return directGrant(client, parameters);
}

export interface WorkloadIdentity extends ClientCredentials {
  /** The issuer that trusts the platform, exactly as its metadata spells it. */
  readonly issuer: string;
  /**
   * Returns the JSON Web Token of the platform for an audience, which is the issuer. It is called for
   * each access token.
   */
  readonly token: (audience: string) => string | Promise<string>;
}

/**
 * Creates the grant of a program whose platform identifies it with a JSON Web Token (RFC 7523). After a
 * refusal, nothing else is tried.
 */
export function workloadIdentity(workload: WorkloadIdentity): Grant {
  const parameters = async ({ scopes, as }: GrantRequest) => ({
    grant_type: jwtBearer,
    assertion: await workload.token(as.issuer),
    scope: scopeParameter(scopes),
  });
  return directGrant(workload, parameters);
}

/** The grant type that exchanges a signed assertion for tokens. */
export const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** The parts in which grants without a person differ. */
interface DirectParts {
  readonly parametersOf: (request: GrantRequest) => Promise<TokenParameters>;
  /** Throws for a response that contains no token for requests. */
  readonly check: (response: TokenEndpointResponse) => void;
}

/**
 * Creates a grant that needs one request to the token endpoint, and no person.
 *
 * @param check Throws for a response that contains no token for requests. @default none is refused
 */
export function directGrant(
  client: IssuedCredentials,
  parametersOf: DirectParts["parametersOf"],
  check: DirectParts["check"] = () => {},
): Grant {
  requireArray("issuer", [client.issuer], "string");
  requireArray("clientId", [client.clientId], "string");
  return {
    isInteractive: false,
    issuers: [client.issuer],
    obtain: (request) => obtainDirectly(client, { parametersOf, check }, request),
    credentialsOf: () => client,
  };
}

async function obtainDirectly(
  client: IssuedCredentials,
  { parametersOf, check }: DirectParts,
  request: GrantRequest,
): Promise<Tokens> {
  const { server, as, resource, scopes, fetch, signal, now, isDPoP } = request;
  if (as.issuer !== client.issuer) {
    throw new AuthorizationError(
      "client_not_registered",
      `${quoted(server.origin)}: its authorization server is ${quoted(as.issuer)}, but the credentials are those of ${quoted(client.issuer)}; register the client there`,
    );
  }
  const dpopKey = isDPoP ? await createDPoPKey(as) : undefined;
  const parameters = { ...(await parametersOf(request)), resource };
  const response = await requestTokens({ as, client, fetch, signal, dpopKey }, parameters);
  check(response);
  return tokensOf(response, {
    ...{ issuer: as.issuer, resource, requestedScopes: scopes, dpopKey, now: now() },
    // The credentials stay in the options.
    client: { clientId: client.clientId },
  });
}
