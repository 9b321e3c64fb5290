/**
 * Local failures. They carry no JSON-RPC code, so that they cannot be mistaken for an error of the
 * peer.
 *
 * @spec basic/index#error-codes
 */

/** The stable name of a local failure. */
export type TransportErrorReason =
  | "aborted"
  | "timeout"
  | "closed"
  | "http"
  | "malformed"
  | "refused"
  | "unauthorized";

export interface TransportErrorOptions {
  /** The HTTP status, for the reason `http`. */
  readonly status?: number;
  /** Time after which a retry makes sense, in milliseconds, from `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** The challenge of a server that requires credentials, from `WWW-Authenticate`. */
  readonly challenge?: string | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for("lutra.TransportError");

/** The error for a request without a usable response. `reason` is stable; `message` is not. */
export class TransportError extends Error {
  override readonly name: string = "TransportError";
  readonly reason: TransportErrorReason;
  readonly status: number | undefined;
  /** Time after which a retry makes sense, in milliseconds, if the server named one. */
  readonly retryAfterMs: number | undefined;
  /** The challenge of a server that requires credentials, if it sent one. */
  readonly challenge: string | undefined;

  constructor(reason: TransportErrorReason, message: string, options: TransportErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.challenge = options.challenge;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Returns true for a `TransportError`, including one from another copy of this package. */
export function isTransportError(value: unknown): value is TransportError {
  return typeof value === "object" && value !== null && brand in value;
}
