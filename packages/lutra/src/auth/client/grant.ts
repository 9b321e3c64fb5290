/** The grants by which a client obtains tokens. */
import type { AuthorizationServer } from "oauth4webapi";
import type { ClientCredentials } from "./client-authentication.ts";
import type { ClientRegistration, Records, Tokens } from "./records.ts";

/** The server for which tokens are needed, and the authorization server that issues them. */
export interface GrantRequest {
  readonly server: URL;
  /** The resource identifier of the server. */
  readonly resource: string;
  /** Validated metadata. */
  readonly as: AuthorizationServer;
  readonly scopes: readonly string[];
  /** True to bind the tokens to a key. */
  readonly isDPoP: boolean;
  readonly records: Records;
  /** Sends requests to URLs that peers have named. */
  readonly fetch: typeof fetch;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A way to obtain tokens: `browserSignIn`, `redirectSignIn`, `clientCredentials`, `workloadIdentity` or
 * `enterpriseManaged`.
 */
export interface Grant {
  /** True when a person takes part, who may need minutes. */
  readonly isInteractive: boolean;
  /** The issuers for which it has credentials; the first of a server's that is among them is used. */
  readonly issuers: readonly string[];
  readonly obtain: (request: GrantRequest) => Promise<Tokens>;
  /** Returns the credentials of the client to which tokens were issued. */
  readonly credentialsOf: (issuer: string, stored: ClientRegistration) => ClientCredentials;
  /** Ends a sign-in with the URL to which the authorization server redirected the user. */
  readonly finish?: (request: FinishRequest) => Promise<FinishedSignIn>;
}

export interface FinishRequest {
  readonly parameters: URLSearchParams;
  readonly records: Records;
  readonly fetchFor: (server: URL) => typeof fetch;
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

export interface FinishedSignIn {
  readonly server: URL;
  readonly tokens: Tokens;
}
