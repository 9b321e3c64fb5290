/** An object decoded from JSON, with unknown members. */
export type JSONObject = { readonly [key: string]: unknown };

/** Any value that JSON can represent. */
export type JSONValue =
  | string
  | number
  | boolean
  | null
  | readonly JSONValue[]
  | { readonly [key: string]: JSONValue | undefined };

/** Returns true for objects, and false for arrays, `null` and primitives. */
export function isObject(value: unknown): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Encodes a value as JSON with sorted keys, so that equal values have the same text regardless of the
 * order of their members.
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
 * Returns a deep copy of a value by encoding it as JSON and decoding the JSON.
 *
 * @throws {TypeError} for a value that JSON cannot represent, for example a circular one
 */
export function copyOfJSON<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/**
 * Returns the value itself if it is already a JSON value, and its `copyOfJSON` otherwise.
 *
 * @throws {TypeError} for a value that JSON cannot represent, for example a circular one
 */
export function asJSON<T>(value: T): T {
  return isJSON(value, maxCheckedDepth) ? value : copyOfJSON(value);
}

/** Maximum depth of the check. Deeper values are copied, because they may be circular. */
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

/** Visits every index, because a hole in the array would become `null`. */
function isArrayOfJSON(array: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype || "toJSON" in array) return false;
  for (let index = 0; index < array.length; index += 1) {
    if (!isJSON(array[index], depth)) return false;
  }
  return true;
}
