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
