import { isObject, type JSONObject } from "../protocol/json.ts";

/** Returns true for the answer of a client to a request of the server. */
export function isAnswer(value: unknown): value is JSONObject {
  return isObject(value) && !("method" in value) && ("result" in value || "error" in value);
}
