/** The errors for requests to an upstream for which the gateway has no token that is accepted. */
import { isTransportError, ProtocolError } from "lutra/protocol";
import { unauthorized } from "lutra/server";
import { failureOf } from "../delivery/upstream-error.ts";

/** The failures that are about the caller, whose token the authorization server did not exchange. */
const ofCaller: ReadonlySet<unknown> = new Set([
  "access_denied",
  "grant_refused",
  "insufficient_scope",
]);
/** The failures with which an authorization server refuses scopes. */
const ofScopes: ReadonlySet<unknown> = new Set([...ofCaller, "request_refused"]);
/** Failures that end by themselves. */
const temporary: ReadonlySet<unknown> = new Set(["server_error"]);

/**
 * Returns the error for a request without a token: 403 if the authorization server issued none for
 * this caller, 503 while it is unavailable, and otherwise 502, since the configuration is wrong.
 */
export function noToken(
  upstream: string,
  cause: unknown,
): { readonly refusal: ProtocolError; readonly isOfCaller: boolean } {
  const failure = failureIn(cause);
  if (ofCaller.has(failure)) {
    const refusal = new ProtocolError(
      "invalidRequest",
      "The caller may not use the upstream: its token was not exchanged",
      { status: 403, data: { upstream }, cause },
    );
    return { refusal, isOfCaller: true };
  }
  const isOut = temporary.has(failure) || (failure === undefined && isTransportError(cause));
  const reason = isOut ? "token-unavailable" : "no-token";
  return { refusal: failureOf(upstream, reason, cause).error, isOfCaller: false };
}

/** Returns true for the error with which an authorization server refuses to issue a token with scopes. */
export function isRefused(error: unknown): boolean {
  return ofScopes.has(failureIn(error));
}

function failureIn(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, "failure") : undefined;
}

/** Returns the error for a caller without credentials, at an upstream that needs tokens of callers. */
export function unverifiedCaller(): ProtocolError {
  return unauthorized({ challenge: "Bearer" });
}

/** Returns the error for a caller that was verified by something other than a token. */
export function noSubjectToken(upstream: string): ProtocolError {
  const message =
    "The upstream needs the token of the caller: expected it in Authorization, with the scheme Bearer or DPoP";
  return new ProtocolError("invalidRequest", message, { status: 403, data: { upstream } });
}

/** Returns the error for a caller whose client is not known, where users agree for each client. */
export function noClient(upstream: string): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    "The upstream needs the client of the caller: expected client_id, azp, appid or cid in its token",
    { status: 403, data: { upstream } },
  );
}

/**
 * Returns an error of the upstream without its challenge, which is about the token of the gateway: a
 * client that followed it would ask for tokens of another server.
 */
export function withoutChallenge(error: ProtocolError): ProtocolError {
  const { status, retryAfterMs } = error;
  return ProtocolError.fromWire(error.toWire(), { status, retryAfterMs }) ?? error;
}
