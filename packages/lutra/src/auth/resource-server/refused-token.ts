/**
 * The refusals of an access token, with the challenges that name the reason.
 *
 * @spec basic/authorization/index#error-handling
 */
import { unauthorized } from "../../protocol/authorization.ts";
import { ProtocolError } from "../../protocol/errors.ts";

/** The reason for which a token is not accepted. Its message is sent to the client. */
export class RefusedTokenError extends Error {
  override readonly name: string = "RefusedTokenError";
}

/** Returns the refusal of a request whose token is not accepted. */
export function invalidToken(reason: string): ProtocolError {
  return unauthorized({
    challenge: `Bearer error="invalid_token", error_description="${quotable(reason)}"`,
    message: `Authorization: ${reason}`,
  });
}

/** Time after which a client may retry when the authorization server is unavailable, in milliseconds. */
const retryAfterMs = 5000;

/** Returns the error for a token that can't be verified at the moment. It has no challenge. */
export function unavailable(cause: unknown): ProtocolError {
  const message = "Authorization: the authorization server is unavailable";
  return new ProtocolError("internalError", message, { status: 503, retryAfterMs, cause });
}

/** Returns text with only the characters that a member of a challenge may have. */
export function quotable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
}
