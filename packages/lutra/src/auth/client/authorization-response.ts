/**
 * The check of the authorization response, before its code is sent anywhere.
 *
 * @spec basic/authorization/index#authorization-response-validation
 */
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import type { PendingSignIn } from "./records.ts";
import { oauthError } from "./token-request.ts";

/** The parameters that may appear only once. */
const single = ["code", "state", "iss", "error", "error_description", "error_uri"];

/**
 * Returns the code of a response. Checks the state first, then the issuer, and reads an error only
 * after both, since it may come from another server.
 *
 * @throws {AuthorizationError} `state_mismatch`, `issuer_mismatch`, `invalid_response`, or the failure
 *   that the authorization server reports
 */
export function codeOf(parameters: URLSearchParams, pending: PendingSignIn): string {
  const { issuer, state, codeVerifier, client } = pending;
  const repeated = single.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) {
    throw invalid(issuer, `expected one parameter ${repeated}, got several`);
  }
  if (parameters.get("state") !== state) {
    throw new AuthorizationError(
      "state_mismatch",
      `${quoted(issuer)}: the response belongs to another sign-in; start again`,
    );
  }
  requireIssuer(parameters.get("iss"), pending);
  const error = parameters.get("error");
  if (error !== null) {
    const error_description = parameters.get("error_description");
    // A server may repeat what it was sent, or what it has issued.
    const secrets = [state, codeVerifier, client.clientSecret, parameters.get("code") ?? undefined];
    throw oauthError(issuer, { error, error_description }, secrets);
  }
  const code = parameters.get("code");
  if (code === null || code === "") throw invalid(issuer, "expected a code");
  return code;
}

/**
 * Compares `iss` with the issuer of the request, as text: a URL that is only equivalent is another one.
 *
 * @spec basic/authorization/security-considerations#mix-up-attacks
 */
function requireIssuer(iss: string | null, { issuer, promisesIssuer }: PendingSignIn): void {
  if (iss === issuer || (iss === null && !promisesIssuer)) return;
  const got = iss === null ? "none, although its metadata declares it" : "another one";
  throw new AuthorizationError(
    "issuer_mismatch",
    `${quoted(issuer)}: expected its issuer as iss in the response, got ${got}; the code is not used`,
  );
}

function invalid(issuer: string, problem: string): AuthorizationError {
  const message = `${quoted(issuer)}: authorization response: ${problem}`;
  return new AuthorizationError("invalid_response", message);
}
