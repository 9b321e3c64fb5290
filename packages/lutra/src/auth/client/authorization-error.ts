/**
 * The error of a request that could not be authorized.
 *
 * @spec basic/authorization/index#error-handling
 */
import { TransportError } from "../../protocol/transport-error.ts";

/** The stable name of a failure of authorization. */
export type AuthorizationFailure =
  | "access_denied"
  | "client_refused"
  | "client_not_registered"
  | "grant_refused"
  | "insufficient_scope"
  | "invalid_metadata"
  | "invalid_response"
  | "issuer_mismatch"
  | "no_authorization_server"
  | "no_pkce"
  | "no_resource_metadata"
  | "no_server_metadata"
  | "registration_refused"
  | "request_refused"
  | "resource_mismatch"
  | "server_error"
  | "sign_in_required"
  | "sign_in_timeout"
  | "state_mismatch"
  | "token_refused"
  | "unsafe_url"
  | "unsupported";

export interface AuthorizationErrorOptions {
  /** The status of the response that asked for authorization. @default 401 */
  readonly status?: number;
  /** The `error` of the authorization server, such as `invalid_grant`. */
  readonly code?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The error for a request that could not be authorized. `failure` is stable; `message` is not. Neither
 * contains a token, a code or a secret.
 */
export class AuthorizationError extends TransportError {
  override readonly name: string = "AuthorizationError";
  readonly failure: AuthorizationFailure;
  /** The `error` of the authorization server, if it sent one. */
  readonly code: string | undefined;

  constructor(
    failure: AuthorizationFailure,
    message: string,
    options: AuthorizationErrorOptions = {},
  ) {
    const { status = 401, code, cause } = options;
    super("unauthorized", message, { status, cause });
    this.failure = failure;
    this.code = code;
  }
}

/** Returns true for an `AuthorizationError`. */
export function isAuthorizationError(value: unknown): value is AuthorizationError {
  return value instanceof Error && value.name === "AuthorizationError" && "failure" in value;
}

/** The error of a request that needs a person to sign in first. */
export class SignInRequiredError extends AuthorizationError {
  // Private, so that a printed error does not contain the state of the sign-in.
  readonly #authorizationUrl: string | undefined;
  /** Asks the user to sign in. Absent where the host of the client opens the page. */
  readonly signIn: ((signal?: AbortSignal) => Promise<void>) | undefined;

  constructor(
    server: string,
    how: {
      readonly authorizationUrl?: string;
      readonly signIn?: (signal?: AbortSignal) => Promise<void>;
    },
  ) {
    super("sign_in_required", `${server}: the user has to sign in`);
    this.signIn = how.signIn;
    this.#authorizationUrl = how.authorizationUrl;
  }

  /** The page on which the user signs in, where the host of the client opens it. */
  get authorizationUrl(): string | undefined {
    return this.#authorizationUrl;
  }
}
