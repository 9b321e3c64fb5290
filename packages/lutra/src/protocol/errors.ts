/**
 * The errors that cross the wire: one table, one class, one converter.
 *
 * @spec basic/index#error-codes
 */
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";

/**
 * Every code this library emits, with the HTTP status its response has.
 *
 * The specification fixes the status of `methodNotFound` (404), of the three codes of its own (400),
 * and of `invalidParams` for a malformed `_meta` (400). It leaves the status of errors from a
 * handler open. `invalidParams` is 400 everywhere. `internalError` is 200, since a status of 500
 * makes load balancers eject the replica and send the request again, though it may have run; and
 * clients that read errors from 200 and 400 alone would lose the code.
 */
export const errorCodes = {
  parseError: { code: -32700, status: 400 },
  invalidRequest: { code: -32600, status: 400 },
  methodNotFound: { code: -32601, status: 404 },
  invalidParams: { code: -32602, status: 400 },
  internalError: { code: -32603, status: 200 },
  headerMismatch: { code: -32020, status: 400 },
  missingRequiredClientCapability: { code: -32021, status: 400 },
  unsupportedProtocolVersion: { code: -32022, status: 400 },
} as const;

/**
 * Codes of earlier revisions that peers may still send. This library never sends them: an error
 * that is passed on gets the code that took their place.
 */
const receivedCodes = {
  resourceNotFound: { code: -32002, sentAs: "invalidParams" },
  urlElicitationRequired: { code: -32042, sentAs: "internalError" },
} as const;

/** Only the specification may define codes in this range. */
const reservedCodes = { from: -32099, to: -32020 } as const;

/** Why a request failed, in one stable word; `other` is a code only the peer knows. */
export type ErrorReason = keyof typeof errorCodes | keyof typeof receivedCodes | "other";

export interface ProtocolErrorOptions {
  /** Sent to the peer as `error.data`. */
  readonly data?: unknown;
  /** Kept for the local log; never sent. */
  readonly cause?: unknown;
  /** The HTTP status, where another than that of the table says more, such as 503. */
  readonly status?: number | undefined;
  /** When another try makes sense, in milliseconds; HTTP says it in `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** Which credentials are wanted; HTTP says it in `WWW-Authenticate`. */
  readonly challenge?: string | undefined;
}

/** What HTTP says of an error beside its body. */
export type ErrorHead = Pick<ProtocolErrorOptions, "status" | "retryAfterMs" | "challenge">;

const brand = Symbol.for("lutra.ProtocolError");

/** A failure the peer is told about. `reason` and `code` are stable; `message` is not. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  readonly reason: ErrorReason;
  readonly code: number;
  /** The HTTP status of a response that carries this error. */
  readonly status: number;
  /** When another try makes sense, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Which credentials are wanted. */
  readonly challenge: string | undefined;
  readonly data: unknown;
  /** True when the other side sent this error. */
  readonly peer: boolean;

  constructor(
    reason: keyof typeof errorCodes,
    message: string,
    options: ProtocolErrorOptions = {},
    received?: { readonly reason: ErrorReason; readonly code: number },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { code, status } = errorCodes[reason];
    this.reason = received?.reason ?? reason;
    this.code = received?.code ?? code;
    this.status = options.status ?? status;
    this.retryAfterMs = options.retryAfterMs;
    this.challenge = options.challenge;
    this.data = options.data;
    this.peer = received !== undefined;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Wraps anything thrown. Unknown errors lose their message, which may hold secrets. */
  static from(thrown: unknown): ProtocolError {
    return isProtocolError(thrown) ? thrown : masked(thrown);
  }

  /**
   * Reads the `error` member of a response from the peer; `undefined` when it is malformed. `head` is
   * what its HTTP response said beside it, for whoever passes it on.
   */
  static fromWire(error: unknown, head?: ErrorHead): ProtocolError | undefined {
    return parseWireError(error, head);
  }

  /** The `error` member of a JSON-RPC error response. */
  toWire(): JSONObject {
    const wire = { code: sentCode(this.code), message: this.message };
    return this.data === undefined ? wire : { ...wire, data: this.data };
  }
}

/** Recognises a `ProtocolError`, also one made by another copy of this package. */
export function isProtocolError(value: unknown): value is ProtocolError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Shorthand for the most frequent refusal. */
export function invalidParams(message: string, data?: unknown): ProtocolError {
  return new ProtocolError("invalidParams", message, { data });
}

// Outside of the class, since a bundler renames a class that names itself, and logs show its name.
function masked(cause: unknown): ProtocolError {
  return new ProtocolError("internalError", "Internal error", { cause });
}

function parseWireError(error: unknown, head: ErrorHead = {}): ProtocolError | undefined {
  if (!isObject(error) || !Number.isInteger(error.code)) return undefined;
  const code = error.code as number;
  const known = reasonOf(code);
  const message = typeof error.message === "string" ? error.message : "";
  const received = { reason: known, code };
  const { status, retryAfterMs, challenge } = head;
  const options = { data: error.data, status, retryAfterMs, challenge };
  return new ProtocolError(sentReason(known), message, options, received);
}

function reasonOf(code: number): ErrorReason {
  for (const [reason, entry] of Object.entries({ ...errorCodes, ...receivedCodes })) {
    if (entry.code === code) return reason as ErrorReason;
  }
  return "other";
}

/** The reason under which an error from a peer is passed on. */
function sentReason(reason: ErrorReason): keyof typeof errorCodes {
  if (reason === "other") return "internalError";
  return reason in receivedCodes
    ? receivedCodes[reason as keyof typeof receivedCodes].sentAs
    : (reason as keyof typeof errorCodes);
}

/** Codes of applications go on unchanged. */
function sentCode(code: number): number {
  const isReserved = code >= reservedCodes.from && code <= reservedCodes.to;
  const reason = reasonOf(code);
  return reason === "other" && !isReserved ? code : errorCodes[sentReason(reason)].code;
}
