/**
 * Failures on this side of the wire. They carry no JSON-RPC code, so that nobody mistakes them for
 * an answer of the peer.
 *
 * @spec basic/index#error-codes
 */

/** What went wrong between two peers, in one stable word. */
export type TransportErrorReason = "aborted" | "timeout" | "closed" | "http" | "malformed";

export interface TransportErrorOptions {
  /** The HTTP status, where `reason` is `http`. */
  readonly status?: number;
  /** When another try makes sense, in milliseconds; HTTP says it in `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for("lutra.TransportError");

/** A request had no usable answer. `reason` is stable; `message` is not. */
export class TransportError extends Error {
  override readonly name: string = "TransportError";
  readonly reason: TransportErrorReason;
  readonly status: number | undefined;
  /** When another try makes sense, in milliseconds, where the server said it. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: TransportErrorReason, message: string, options: TransportErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Recognises a `TransportError`, also one made by another copy of this package. */
export function isTransportError(value: unknown): value is TransportError {
  return typeof value === "object" && value !== null && brand in value;
}
