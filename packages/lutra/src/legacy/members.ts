/**
 * Copies of decoded objects, member by member. For objects that were decoded from JSON, V8 takes a
 * multiple of the time for `{ ...value }`.
 */
import type { JSONObject } from "../protocol/json.ts";

/** Sets a member. An assignment to one called `__proto__` would change the prototype. */
export function setMember(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") target[name] = value;
  else {
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, name, own);
  }
}

/** Copies the members of an object into another one, without those that are left out. */
export function copyMembers(
  target: Record<string, unknown>,
  source: JSONObject,
  leftOut: ReadonlySet<string>,
): void {
  for (const name of Object.keys(source)) {
    if (!leftOut.has(name)) setMember(target, name, source[name]);
  }
}
