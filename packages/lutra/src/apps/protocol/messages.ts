/**
 * JSON-RPC messages between windows. Unlike in the core protocol, both sides send requests, so a
 * message can also be a response.
 *
 * @spec ext-apps/apps#communication-protocol
 */
import { ProtocolError } from "../../protocol/errors.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { isRequestId, type RequestId } from "../../protocol/json-rpc.ts";

/** A message from the other window, with the members that its kind has. */
export type AppMessage =
  | {
      readonly kind: "request";
      readonly id: RequestId;
      readonly method: string;
      readonly params: JSONObject;
    }
  | { readonly kind: "notification"; readonly method: string; readonly params: JSONObject }
  | { readonly kind: "result"; readonly id: RequestId; readonly result: JSONObject }
  | { readonly kind: "error"; readonly id: RequestId; readonly error: ProtocolError };

/**
 * Reads a message. Absent parameters become an empty object. Returns undefined for anything that is
 * not a JSON-RPC message: other scripts also post messages to a window.
 */
export function readAppMessage(data: unknown): AppMessage | undefined {
  if (!isObject(data) || data.jsonrpc !== "2.0") return undefined;
  const { id, method, params = {}, result } = data;
  if (method !== undefined) {
    if (typeof method !== "string" || !isObject(params)) return undefined;
    if (id === undefined) return { kind: "notification", method, params };
    return isRequestId(id) ? { kind: "request", id, method, params } : undefined;
  }
  if (!isRequestId(id)) return undefined;
  if (isObject(result)) return { kind: "result", id, result };
  const error = ProtocolError.fromWire(data.error);
  return error && { kind: "error", id, error };
}

/**
 * The code of a request that the other side understood and refuses, for example because the user
 * declined. The specification suggests -32000, which the core protocol reserves; the receiver
 * accepts any code.
 */
export const refusedCode = 4003;

/** Creates the error for a request that is understood and refused. */
export function refusal(message: string): ProtocolError {
  return new ProtocolError("internalError", message, {}, { reason: "other", code: refusedCode });
}
