/** Members of the bodies that the page sends. */
import { isObject, type JSONObject } from "lutra/protocol";
import { ApiError } from "../api-error.ts";

/** @throws {ApiError} for a member that is not a string */
export function textIn(object: JSONObject, name: string): string {
  const value = object[name];
  if (typeof value === "string") return value;
  throw new ApiError(400, `${name}: expected a string`);
}

/**
 * Returns a member, or an empty object if it is absent.
 *
 * @throws {ApiError} for a member that is not an object
 */
export function objectIn(object: JSONObject, name: string): JSONObject {
  const value = object[name] ?? {};
  if (isObject(value)) return value;
  throw new ApiError(400, `${name}: expected a JSON object`);
}
