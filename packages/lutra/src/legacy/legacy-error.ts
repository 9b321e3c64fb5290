/** The errors of a server in the codes of the legacy revisions. */
import {
  errorCodes,
  isProtocolError,
  isReservedCode,
  legacyCodes,
  ProtocolError,
} from "../protocol/errors.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/** An error with a code that only legacy revisions have. */
export class LegacyError extends ProtocolError {
  override readonly name: string = "LegacyError";
  readonly #code: number;

  constructor(
    code: number,
    message: string,
    options: ConstructorParameters<typeof ProtocolError>[2],
  ) {
    super("invalidRequest", message, options);
    this.#code = code;
  }

  override toWire(): JSONObject {
    const wire = { code: this.#code, message: this.message };
    return this.data === undefined ? wire : { ...wire, data: this.data };
  }
}

/** Creates the error for a session that is forged, has expired, has ended, or is another caller's. */
export function sessionNotFound(served: readonly string[]): LegacyError {
  const message =
    `Session not found, or it has ended; send initialize again ` +
    `(this server supports ${served.join(", ")})`;
  return new LegacyError(legacyCodes.sessionNotFound, message, { status: 404 });
}

/**
 * Converts an error of a request for a legacy client. The codes that later revisions added become
 * codes of JSON-RPC, with the same message. Returns any other value unchanged.
 *
 * @spec 2025-11-25/server/resources#error-handling
 */
export function toLegacyError(thrown: unknown, { params }: JSONRPCRequest): unknown {
  if (!isProtocolError(thrown) || isTransportError(thrown)) return thrown;
  const { message, data, status, retryAfterMs, challenge, headers } = thrown;
  const head = { data, retryAfterMs, challenge, headers, cause: thrown };
  // Clients take any other status for a failure of the transport, except for those of authorization.
  const isRefused = status === 401 || status === 403;
  const options = { ...head, status: isRefused ? status : 200 };
  return new LegacyError(codeOf(thrown, params), message, options);
}

function codeOf({ code, reason, data }: ProtocolError, params: JSONObject | undefined): number {
  const isUnknownResource =
    reason === "invalidParams" &&
    isObject(data) &&
    typeof data.uri === "string" &&
    data.uri === params?.uri;
  if (isUnknownResource) return legacyCodes.resourceNotFound;
  return isReservedCode(code) ? errorCodes.invalidRequest.code : code;
}
