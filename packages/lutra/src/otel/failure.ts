/** The kind of a failure, as spans and metrics record it. */
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";
import { isTransportError } from "../protocol/transport-error.ts";

export interface Failure {
  /** The value of `error.type`. */
  readonly type: string;
  /** The code of a JSON-RPC error, as `rpc.response.status_code`. */
  readonly code?: string;
  /** A message that contains no arguments. */
  readonly message?: string;
}

/** The failure of a tool call whose result is an error for the model. */
export const toolFailure: Failure = { type: "tool_error" };

/** Returns the kind of a thrown value, without a message that may contain arguments. */
export function failureOf(thrown: unknown): Failure {
  if (isProtocolError(thrown)) {
    const code = String(thrown.code);
    return { type: code, code, message: thrown.message };
  }
  if (isTransportError(thrown)) return { type: thrown.reason };
  return { type: thrown instanceof Error ? thrown.name : "_OTHER" };
}

/** Returns the error that the peer of a server receives for a thrown value, or a local failure. */
export function sentError(thrown: unknown): unknown {
  return isTransportError(thrown) ? thrown : ProtocolError.from(thrown);
}
