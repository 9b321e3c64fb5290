/** The failures of a delivery: the reason in the log, and the error that the client receives. */
import { isEarlierRevision } from "lutra/internal";
import { ProtocolError, TransportError } from "lutra/protocol";
import { isTlsProblem, spawnCodeOf } from "../replicas/cause.ts";
import type { Phase } from "./time-limits.ts";

const statuses = {
  /** No replica accepted the connection, or it failed before the response was complete. */
  unreachable: 502,
  /** The response is not a valid MCP message. */
  malformed: 502,
  /** The upstream expects `initialize`, which the gateway does not send. */
  "earlier-revision": 502,
  timeout: 504,
  /** The gateway has no token that the upstream accepts. */
  credentials: 502,
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

/** The pause after which a refused client may retry, if no other is known, in milliseconds. */
const defaultRetryAfterMs = 1000;

const described = {
  "not-ready": { kind: "unavailable", message: "No replica of the upstream is ready" },
  /** The queue was full, or the request waited in it for too long. */
  queue: { kind: "unavailable", message: "Too many requests are waiting for the upstream" },
  /** The response waited too long for `responses.maxBytes`. */
  memory: {
    kind: "unavailable",
    message: "The memory for responses is full (responses.maxBytes); the request may have run",
  },
  /** The process of the gateway has too many connections and files open. */
  "file-limit": {
    kind: "unavailable",
    message: "The gateway has no free file descriptor for a connection",
  },
  "token-unavailable": {
    kind: "unavailable",
    message: "The authorization server of the upstream is unavailable",
  },
  "no-token": {
    kind: "credentials",
    message: "The gateway gets no token for the upstream; its log says why",
  },
  "token-refused": {
    kind: "credentials",
    message: "The upstream refuses the token of the gateway",
  },
  /** The program has exited, and is restarted after a pause. */
  restarting: {
    kind: "unavailable",
    message: "The program of the upstream has exited and will be restarted",
  },
  unreachable: { kind: "unreachable", message: "The upstream is unreachable" },
  tls: {
    kind: "unreachable",
    message: "The certificate of the upstream, or the handshake with it, was not accepted",
  },
  broken: {
    kind: "unreachable",
    message: "The connection to the upstream failed before the response was complete",
  },
  "malformed-head": {
    kind: "malformed",
    message:
      "The head of the upstream's response is malformed or too large; the request may have run",
  },
  malformed: { kind: "malformed", message: "The upstream's response is not a valid MCP message" },
  "earlier-revision": {
    kind: "earlier-revision",
    message: "The upstream speaks an earlier revision of MCP, which begins with initialize",
  },
} as const;

export function failureOf(
  upstream: string,
  reason: keyof typeof described,
  cause?: unknown,
  retryAfterMs = defaultRetryAfterMs,
): Failure {
  const { kind, message } = described[reason];
  const options = kind === "unavailable" ? { cause, retryAfterMs } : { cause };
  return { reason, error: new UpstreamError(kind, upstream, message, options) };
}

/** Returns the failure of an exchange whose response is not a message of this revision. */
export function malformedOf(upstream: string, cause: unknown): Failure {
  const reason = isEarlierRevision(cause) ? "earlier-revision" : "malformed";
  return failureOf(upstream, reason, cause);
}

/** Returns the failure of a phase that timed out. In the phase `body`, the client is too slow. */
export function timeoutOf(upstream: string, phase: Phase, cause?: unknown): Failure {
  const error =
    phase === "body"
      ? new ProtocolError("invalidRequest", "body: did not arrive in time", { status: 408 })
      : new UpstreamError("timeout", upstream, timeoutMessage(phase), { cause });
  return { reason: `${phase}-timeout`, error };
}

/** Returns the failure of a request whose replica does not answer its health checks either. */
export function silentOf(upstream: string): Failure {
  const silent = "The upstream no longer answers; the request may have been executed";
  return { reason: "silent", error: new UpstreamError("timeout", upstream, silent) };
}

/** Returns the error that aborts the exchange with such a replica. It is not sent to the client. */
export function silenceError(): TransportError {
  return new TransportError("timeout", "The replica does not answer its health checks");
}

/**
 * Returns the failure of a request that was not sent: the connection was refused or not established
 * in time, or the program of the upstream does not run.
 */
export function connectFailureOf(upstream: string, cause: unknown): Failure {
  if (hasCode(cause, connectTimeouts)) return timeoutOf(upstream, "connect", cause);
  if (cause instanceof NotRunningError) return notRunningOf(upstream, cause);
  return failureOf(upstream, isTlsProblem(cause) ? "tls" : "unreachable", cause);
}

/**
 * Returns the failure of an exchange whose connection failed before the response was complete. Before its
 * head, the reason may be that the head is malformed.
 */
export function brokenFailureOf(upstream: string, cause: Error, hasHead: boolean): Failure {
  const isMalformed = !hasHead && isMalformedHead(cause);
  return failureOf(upstream, isMalformed ? "malformed-head" : "broken", cause);
}

/** The error for a request whose program could not be started. The request was not sent. */
export class NotRunningError extends TransportError {}

/** Returns the error for a request whose program did not start, for the reason of its transport. */
export function notRunning(cause: TransportError): NotRunningError {
  const { message, retryAfterMs } = cause;
  return new NotRunningError("closed", message, { cause, retryAfterMs });
}

function notRunningOf(upstream: string, { cause, retryAfterMs }: NotRunningError): Failure {
  const code = cause instanceof Error ? spawnCodeOf(cause.cause) : undefined;
  if (code === undefined) return failureOf(upstream, "restarting", cause, retryAfterMs);
  const notStarted = `The program of the upstream did not start (${code})`;
  return {
    reason: "not-started",
    error: new UpstreamError("unreachable", upstream, notStarted, { cause }),
  };
}

/** Returns the failure of a request that can't be sent over HTTP/1.1. */
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

/** The codes of connect timeouts: of the pool, and of the operating system. */
const connectTimeouts: ReadonlySet<unknown> = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);
const malformedCodes: ReadonlySet<unknown> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
]);
const retiredCodes: ReadonlySet<unknown> = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);

/** True when the pool rejects the request before it sends anything. */
export function isMalformedRequest(error: unknown): boolean {
  return hasCode(error, malformedCodes);
}

/** True when the pool was closed because its replica was removed. The replica has not failed. */
export function isRetired(error: unknown): boolean {
  return hasCode(error, retiredCodes);
}

/**
 * True when the head of a response could not be read. The errors of the parser have a name and no
 * code; an informational response that was not asked for is a "bad response".
 */
function isMalformedHead(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = Reflect.get(error, "code");
  if (code === "UND_ERR_HEADERS_OVERFLOW" || error.name === "HTTPParserError") return true;
  if (code === "UND_ERR_SOCKET" && error.message === "bad response") return true;
  return isMalformedHead(error.cause);
}

/** True when the error, or one that it wraps, has one of the codes. */
function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has(Reflect.get(error, "code")) || hasCode(error.cause, codes);
}

/** Returns the error of an exchange whose client has closed its connection. */
export function clientGone(): TransportError {
  return new TransportError("aborted", "The client closed its connection");
}
