/** Why a request can't go on, as undici says it and as its client is told. */
import { ProtocolError } from "lutra/protocol";

/** A request that can't go on, and what its client is told. */
export interface Failure {
  readonly reason: string;
  readonly error: ProtocolError;
}

/** Whether undici refuses the request itself, so that no replica would get it. */
export function isMalformed(error: Error): boolean {
  const code = codeOf(error);
  return code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED";
}

/** Whether the replica was taken away in the meantime, which is not its fault. */
export function isRetired(error: Error): boolean {
  const code = codeOf(error);
  return code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED";
}

function codeOf(error: Error & { readonly code?: string }): string | undefined {
  return error.code;
}

export function malformedRequest(cause: Error): Failure {
  const message = "The request can't be passed on: malformed header";
  const error = new ProtocolError("invalidRequest", message, { cause });
  return { reason: "malformed-request", error };
}

/** What a client is told whose body does not arrive. */
export function slowBody(): ProtocolError {
  const status = 408;
  return new ProtocolError("invalidRequest", "body: did not arrive in time", { status });
}
