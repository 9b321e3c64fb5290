/** The failures of a delivery: the word in the log, and the error that the client receives. */
import { ProtocolError, TransportError } from "lutra/protocol";
import type { Phase } from "./time-limits.ts";

const statuses = {
  /** No replica accepted the connection, or the connection failed before the response. */
  unreachable: 502,
  /** The response is not a valid MCP message. */
  malformed: 502,
  timeout: 504,
  /** No replica is ready, or the queue is full. */
  unavailable: 503,
} as const;

/**
 * The error for a request that got no answer from its upstream. The client receives an internal
 * error with a status of its own and `data: { upstream }`; the cause stays in the log.
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
  /** The word for the log, such as `queue` or `broken`. */
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

/** Returns the failure of a phase that took too long. In `body` the client is the slow side. */
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

/** The failure of a request that undici rejects before it connects. */
export function malformedRequest(cause: unknown): Failure {
  const message = "The request cannot be forwarded: a header is malformed";
  return {
    reason: "malformed-request",
    error: new ProtocolError("invalidRequest", message, { cause }),
  };
}

/** The error with which an exchange with a replica is aborted; it does not leave the gateway. */
export function phaseError(phase: Phase): TransportError {
  return new TransportError("timeout", timeoutMessage(phase));
}

function timeoutMessage(phase: Phase): string {
  return `The upstream did not answer in time (${phase})`;
}

/** The time limit of the pool, and that of the operating system. */
const connectTimeouts: ReadonlySet<unknown> = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);
const malformedCodes: ReadonlySet<unknown> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
]);
const retiredCodes: ReadonlySet<unknown> = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);

/** True when undici rejects the request itself, so that no replica would get it. */
export function isMalformedRequest(error: unknown): boolean {
  return hasCode(error, malformedCodes);
}

/** True when the replica was removed in the meantime, which is not its fault. */
export function isRetired(error: unknown): boolean {
  return hasCode(error, retiredCodes);
}

/** True when the error, or one that it wraps, has one of the codes. */
function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has(Reflect.get(error, "code")) || hasCode(error.cause, codes);
}
