/** The failures of a delivery: the reason in the log, and the error that the client receives. */
import { ProtocolError, TransportError } from "lutra/protocol";
import type { Phase } from "./time-limits.ts";

const statuses = {
  /** No replica accepted the connection, or it failed before the response was complete. */
  unreachable: 502,
  /** The response is not a valid MCP message. */
  malformed: 502,
  timeout: 504,
  /** No replica is ready, or the queue is full. */
  unavailable: 503,
} as const;

/**
 * The error for a request that got no answer from its upstream. The client receives an internal
 * error with the HTTP status of the kind and `data: { upstream }`. The cause is only logged.
 */
export class UpstreamError extends ProtocolError {
  override readonly name: string = "UpstreamError";
  readonly kind: keyof typeof statuses;

  constructor(
    kind: keyof typeof statuses,
    upstream: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super("internalError", message, { ...options, data: { upstream }, status: statuses[kind] });
    this.kind = kind;
  }
}

/** The end of a delivery without an answer. */
export interface Failure {
  /** The reason in the log, such as `queue` or `broken`. */
  readonly reason: string;
  readonly error: ProtocolError;
}

/** The pause after which a refused client may retry, in milliseconds. */
const retryAfterMs = 1000;

const described = {
  "not-ready": ["unavailable", "No replica of the upstream is ready"],
  /** The queue was full, or the request waited in it for too long. */
  queue: ["unavailable", "Too many requests are waiting for the upstream"],
  unreachable: ["unreachable", "The upstream is unreachable"],
  broken: ["unreachable", "The connection to the upstream failed before the response was complete"],
  malformed: ["malformed", "The upstream's response is not a valid MCP message"],
} as const;

export function failureOf(
  upstream: string,
  reason: keyof typeof described,
  cause?: unknown,
): Failure {
  const [kind, message] = described[reason];
  const options = kind === "unavailable" ? { cause, retryAfterMs } : { cause };
  return { reason, error: new UpstreamError(kind, upstream, message, options) };
}

/** Returns the failure of a phase that timed out. In the phase `body`, the client is too slow. */
export function timeoutOf(upstream: string, phase: Phase, cause?: unknown): Failure {
  const error =
    phase === "body"
      ? new ProtocolError("invalidRequest", "body: did not arrive in time", { status: 408 })
      : new UpstreamError("timeout", upstream, timeoutMessage(phase), { cause });
  return { reason: `${phase}-timeout`, error };
}

/** Returns the failure of a connection that was refused, or not established in time. */
export function connectFailureOf(upstream: string, cause: unknown): Failure {
  if (hasCode(cause, connectTimeouts)) return timeoutOf(upstream, "connect", cause);
  return failureOf(upstream, "unreachable", cause);
}

/** Returns the failure of a request that undici rejects before it connects. */
export function malformedRequest(cause: unknown): Failure {
  const message = "The request cannot be forwarded: a header is malformed";
  return {
    reason: "malformed-request",
    error: new ProtocolError("invalidRequest", message, { cause }),
  };
}

/** Returns the error that aborts the exchange with a replica. It is not sent to the client. */
export function phaseError(phase: Phase): TransportError {
  return new TransportError("timeout", timeoutMessage(phase));
}

function timeoutMessage(phase: Phase): string {
  return `The upstream did not answer in time (${phase})`;
}

/** The codes of connect timeouts: of undici's pool, and of the operating system. */
const connectTimeouts: ReadonlySet<unknown> = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);
const malformedCodes: ReadonlySet<unknown> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
]);
const retiredCodes: ReadonlySet<unknown> = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);

/** True when undici rejects the request before it sends anything. */
export function isMalformedRequest(error: unknown): boolean {
  return hasCode(error, malformedCodes);
}

/** True when the pool was closed because its replica was removed. The replica has not failed. */
export function isRetired(error: unknown): boolean {
  return hasCode(error, retiredCodes);
}

/** True when the error, or one that it wraps, has one of the codes. */
function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has(Reflect.get(error, "code")) || hasCode(error.cause, codes);
}
