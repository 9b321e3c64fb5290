/**
 * The errors that peers send each other: their codes, their class and its conversions.
 *
 * @spec basic/index#error-codes
 */
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";

/**
 * Every code that this library sends, with the HTTP status of its response.
 *
 * The specification fixes the status of `methodNotFound` (404), of its own three codes (400), and of
 * `invalidParams` for a malformed `_meta` (400). It does not fix the status of errors from a
 * handler. `invalidParams` is always 400. `internalError` is 200 for two reasons. With 500, load
 * balancers would eject the replica and repeat a request that may have been executed. Clients that
 * read errors only from 200 and 400 responses would lose the code.
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
 * Codes of earlier revisions that peers may still send. This library never sends them: it forwards
 * such an error with the code of `sentAs`.
 */
const receivedCodes = {
  resourceNotFound: { code: -32002, sentAs: "invalidParams" },
  urlElicitationRequired: { code: -32042, sentAs: "internalError" },
} as const;

/** Codes that only clients of the revisions with sessions receive; see `legacy/legacy-error.ts`. */
export const legacyCodes = {
  resourceNotFound: -32002,
  sessionNotFound: -32001,
} as const;

/** Only the specification may define codes in this range. */
const reservedCodes = { from: -32099, to: -32020 } as const;

/** The stable name of an error; `other` for a code that is not in these tables. */
export type ErrorReason = keyof typeof errorCodes | keyof typeof receivedCodes | "other";

export interface ProtocolErrorOptions {
  /** Sent to the peer as `error.data`. */
  readonly data?: unknown;
  /** The original error, for the local log. Never sent. */
  readonly cause?: unknown;
  /** The HTTP status, if one other than the default is more precise, for example 503. */
  readonly status?: number | undefined;
  /** Time after which a retry makes sense, in milliseconds. HTTP sends it as `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** The challenge that names the required credentials. HTTP sends it as `WWW-Authenticate`. */
  readonly challenge?: string | undefined;
  /** Further headers of an HTTP response, by their names in lower case. */
  readonly headers?: { readonly [name: string]: string } | undefined;
}

/** The parts of an error that HTTP carries in the status and headers of a response. */
export type ErrorHead = Pick<ProtocolErrorOptions, "status" | "retryAfterMs" | "challenge">;

const brand = Symbol.for("lutra.ProtocolError");

/** An error sent to or by the peer. `reason` and `code` are stable; `message` is not. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  readonly reason: ErrorReason;
  readonly code: number;
  /** The HTTP status of a response that carries this error. */
  readonly status: number;
  /** Time after which a retry makes sense, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The challenge that names the required credentials. */
  readonly challenge: string | undefined;
  /** Further headers of an HTTP response. */
  readonly headers: { readonly [name: string]: string } | undefined;
  readonly data: unknown;
  /** True when the peer sent this error. */
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
    this.headers = options.headers;
    this.data = options.data;
    this.peer = received !== undefined;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Returns a `ProtocolError` unchanged. Masks any other error, which may contain secrets. */
  static from(thrown: unknown): ProtocolError {
    return isProtocolError(thrown) ? thrown : masked(thrown);
  }

  /**
   * Reads the `error` member of a response from the peer. Returns undefined when it is malformed.
   *
   * @param head The parts from the status and headers of the HTTP response, for forwarding
   */
  static fromWire(error: unknown, head?: ErrorHead): ProtocolError | undefined {
    return parseWireError(error, head);
  }

  /** Returns the `error` member of a JSON-RPC error response. */
  toWire(): JSONObject {
    const wire = { code: sentCode(this.code), message: this.message };
    return this.data === undefined ? wire : { ...wire, data: this.data };
  }
}

/** Returns true for a `ProtocolError`, including one from another copy of this package. */
export function isProtocolError(value: unknown): value is ProtocolError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Creates the most frequent error, with the reason `invalidParams`. */
export function invalidParams(message: string, data?: unknown): ProtocolError {
  return new ProtocolError("invalidParams", message, { data });
}

/**
 * Creates the error for a request above a limit, an internal error (-32603): the specification has no
 * code for it and reserves the codes that it has not assigned. On transports without headers, the
 * client finds the time until a retry makes sense in `data.retryAfterMs`.
 *
 * @spec basic/index#error-codes
 */
export function tooMany(what: string, retryAfterMs: number): ProtocolError {
  const options = { status: 429, retryAfterMs, data: { retryAfterMs } };
  return new ProtocolError("internalError", `Too many ${what}`, options);
}

// Not in the class, because bundlers rename a class that refers to itself, and logs show its name.
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

/** Returns the reason with which an error from a peer is forwarded. */
function sentReason(reason: ErrorReason): keyof typeof errorCodes {
  if (reason === "other") return "internalError";
  return reason in receivedCodes
    ? receivedCodes[reason as keyof typeof receivedCodes].sentAs
    : (reason as keyof typeof errorCodes);
}

/** Returns true for a code in the range that only the specification may use. */
export function isReservedCode(code: number): boolean {
  return code >= reservedCodes.from && code <= reservedCodes.to;
}

/**
 * Returns the code that is sent for an error. Codes of earlier revisions and unknown reserved codes
 * are replaced.
 */
function sentCode(code: number): number {
  const reason = reasonOf(code);
  return reason === "other" && !isReservedCode(code) ? code : errorCodes[sentReason(reason)].code;
}
