/**
 * JSON-RPC messages with the restrictions of MCP: no batches, no `null` ids, parameters by name.
 *
 * @spec basic/index#messages
 */
import { ProtocolError } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { encodeJSON, isObject } from "./json.ts";

export type RequestId = string | number;

export interface JSONRPCRequest {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JSONObject | undefined;
}

export interface JSONRPCNotification {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JSONObject | undefined;
}

export interface JSONRPCResultResponse {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly result: Result;
}

export interface JSONRPCErrorResponse {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId;
  readonly error: JSONObject;
}

/** The result of a request. `resultType` is absent only in results of earlier revisions. */
export interface Result {
  readonly resultType?: string;
  readonly _meta?: JSONObject;
  readonly [key: string]: unknown;
}

/**
 * The key under which a result can carry its encoded JSON. Transports send these bytes and do not
 * encode the object again.
 */
export const resultBytes: unique symbol = Symbol.for("lutra.resultBytes");

/** A result whose JSON is ready to send. */
export interface EncodedResult extends Result {
  readonly [resultBytes]?: Uint8Array;
}

/** Maximum length of request ids and progress tokens, which responses and notifications repeat. */
export const maxIdLength = 1024;

/**
 * Returns true for a valid request id: a string or an integer. Integers outside of the safe range
 * are rounded when they are parsed, so a response could not carry the same id.
 */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" ? value.length <= maxIdLength : Number.isSafeInteger(value);
}

/** Returns true for a message that expects a response. */
export function isRequest(
  message: JSONRPCRequest | JSONRPCNotification,
): message is JSONRPCRequest {
  return "id" in message;
}

/**
 * Checks a decoded message from a client: one request or one notification.
 *
 * @throws {ProtocolError} `invalidRequest` for anything else
 * @spec basic/index#requests
 */
export function parseMessage(value: unknown): JSONRPCRequest | JSONRPCNotification {
  if (Array.isArray(value)) throw invalidRequest("expected one JSON-RPC message, not a batch");
  if (!isObject(value)) throw invalidRequest("expected a JSON-RPC message object");
  if (value.jsonrpc !== "2.0") throw invalidRequest('jsonrpc: expected "2.0"');
  if (typeof value.method !== "string") throw invalidRequest(notAMethod(value));
  if (value.params !== undefined && !isObject(value.params)) {
    throw invalidRequest("params: expected an object");
  }
  if ("id" in value && !isRequestId(value.id)) {
    throw invalidRequest(
      `id: expected a string of at most ${maxIdLength} characters or a safe integer`,
    );
  }
  return value as unknown as JSONRPCRequest | JSONRPCNotification;
}

/** Returns the id of a message that may otherwise be malformed, for its error response. */
export function readId(value: unknown): RequestId | undefined {
  return isObject(value) && isRequestId(value.id) ? value.id : undefined;
}

/**
 * Encodes the response for an error. The id is omitted if it is unknown. If JSON cannot represent
 * the error's data, the response is an internal error, because every request needs a response.
 */
export function encodeError(id: RequestId | undefined, error: ProtocolError): string {
  try {
    return encodeJSON({ jsonrpc: "2.0", id, error: error.toWire() });
  } catch (thrown) {
    const masked = ProtocolError.from(thrown).toWire();
    return encodeJSON({ jsonrpc: "2.0", id, error: masked });
  }
}

/** Encodes the response for a result. */
export function encodeResult(id: RequestId, result: EncodedResult): string {
  const bytes = result[resultBytes];
  const json = bytes === undefined ? encodeJSON(result) : decoder.decode(bytes);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;
}

/** Returns a frozen copy of `result` that carries its encoded JSON. */
export function withBytes<R extends Result>(result: R): R {
  const bytes = encoder.encode(encodeJSON(result));
  return Object.freeze(Object.defineProperty({ ...result }, resultBytes, { value: bytes }));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function notAMethod(message: JSONObject): string {
  return "result" in message || "error" in message
    ? "expected a request or a notification; clients do not send responses"
    : "method: expected a string";
}

function invalidRequest(message: string): ProtocolError {
  return new ProtocolError("invalidRequest", message);
}
