/** An object as decoded from JSON: its members are not yet known. */
export type JSONObject = { readonly [key: string]: unknown };

/** Any value that JSON can carry. */
export type JSONValue =
  | string
  | number
  | boolean
  | null
  | readonly JSONValue[]
  | { readonly [key: string]: JSONValue | undefined };

/** True for JSON objects; false for arrays, `null` and primitives. */
export function isObject(value: unknown): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Writes a value as JSON with sorted object keys, so that two values that are equal as JSON give
 * the same text however their members were ordered.
 */
export function canonicalJSON(value: unknown): string {
  return JSON.stringify(value, (_key, member) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(byKey)) : member,
  );
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * JSON and nothing else: what a store or a wire would make of a value. Shares nothing with it.
 *
 * @throws {TypeError} for what JSON can't carry, such as an object that contains itself
 */
export function copyOfJSON<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/**
 * The value itself where it is JSON and nothing else, and otherwise what JSON makes of it.
 *
 * @throws {TypeError} for what JSON can't carry, such as an object that contains itself
 */
export function asJSON<T>(value: T): T {
  return isJSON(value, maxCheckedDepth) ? value : copyOfJSON(value);
}

/** What is deeper may contain itself. */
const maxCheckedDepth = 32;

function isJSON(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || depth === 0) return false;
  if (Array.isArray(value)) return isArrayOfJSON(value, depth - 1);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  if ("toJSON" in value) return false;
  for (const key in value) {
    if (!isJSON((value as JSONObject)[key], depth - 1)) return false;
  }
  return true;
}

/** By index, so that holes are seen, which would become `null`. */
function isArrayOfJSON(array: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype || "toJSON" in array) return false;
  for (let index = 0; index < array.length; index += 1) {
    if (!isJSON(array[index], depth)) return false;
  }
  return true;
}
