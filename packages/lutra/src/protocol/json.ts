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
 * Encodes a value as JSON that strict readers accept: in text, a lone surrogate, for which UTF-8 has
 * no encoding, becomes U+FFFD. RFC 7493, section 2.1.
 */
export function encodeJSON(value: unknown): string {
  const text = JSON.stringify(value);
  // Only lone surrogates are encoded as escapes.
  if (!text.includes("\\ud")) return text;
  return text.replace(/\\\\|\\ud[89a-f]../g, (found) => (found === "\\\\" ? found : "\ufffd"));
}

/** Maximum depth of JSON from a peer, so that functions that call themselves can't run out of stack. */
export const maxJSONDepth = 128;

/**
 * Encodes a value as JSON with sorted keys, so that equal values have the same text regardless of the
 * order of their members.
 *
 * @throws {TypeError} for a value that JSON cannot represent, and for one deeper than `maxJSONDepth`
 */
export function canonicalJSON(value: unknown): string {
  return written(value, 0);
}

function written(value: unknown, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (depth === maxJSONDepth)
    throw new TypeError(`expected at most ${maxJSONDepth} levels of JSON`);
  // A date, for example, is text in JSON.
  if (!isPlain(value)) return written(JSON.parse(JSON.stringify(value) ?? "null"), depth);
  let text = "";
  let comma = "";
  if (Array.isArray(value)) {
    for (const entry of value) {
      text += comma + written(entry, depth + 1);
      comma = ",";
    }
    return `[${text}]`;
  }
  for (const key of Object.keys(value).sort()) {
    const member = (value as JSONObject)[key];
    if (isOmitted(member)) continue;
    text += `${comma}${JSON.stringify(key)}:${written(member, depth + 1)}`;
    comma = ",";
  }
  return `{${text}}`;
}

/** Returns true for a member that JSON leaves out. */
export function isOmitted(member: unknown): boolean {
  return member === undefined || typeof member === "function" || typeof member === "symbol";
}

type Replacer = (key: string, value: unknown) => unknown;

/**
 * Returns a deep copy of a value by encoding it as JSON and decoding the JSON. Returns `undefined` for
 * a value that JSON omits.
 *
 * @throws {TypeError} for a value that JSON cannot represent, for example a circular one
 */
export function copyOfJSON<T>(value: T, replace?: Replacer): T {
  const text: string | undefined = JSON.stringify(value, replace);
  return (text === undefined ? undefined : JSON.parse(text)) as T;
}

/**
 * Returns the value itself if it is already a JSON value, and its `copyOfJSON` otherwise.
 *
 * @param replace Called with the members of a value that is copied, as by `JSON.stringify`
 * @throws {TypeError} for a value that JSON cannot represent, for example a circular one
 */
export function asJSON<T>(value: T, replace?: Replacer): T {
  return isJSON(value, maxCheckedDepth) ? value : copyOfJSON(value, replace);
}

/**
 * Returns a deep copy of a JSON value. As in JSON, members that are `undefined` are left out.
 *
 * @param name The name of the value in the message of the error
 * @throws {TypeError} for a value that JSON can't represent or would change, such as a `Date`, a
 *   `Map`, `NaN` or an instance of a class; the message names the member
 */
export function requireJSON<T>(value: T, name: string): T {
  return copyChecked(value, [name]) as T;
}

/** Maximum depth of a value. Deeper values are probably circular. */
const maxRequiredDepth = 500;

/** Copies a value. `path` leads to it, and is changed in place, because most values are valid. */
function copyChecked(value: unknown, path: (string | number)[]): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // The sum turns -0 into 0, as JSON does.
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (path.length > maxRequiredDepth) {
    throw new TypeError(`${path[0]}: expected at most ${maxRequiredDepth} levels`);
  }
  const copyMember = (key: string | number, member: unknown) => {
    path.push(key);
    const copy = copyChecked(member, path);
    path.pop();
    return copy;
  };
  if (Array.isArray(value)) return Array.from(value, (item, index) => copyMember(index, item));
  if (!isPlainObject(value)) {
    const [name, ...keys] = path;
    const member = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
    throw new TypeError(`${name}${member}: expected a JSON value, got ${nameOfType(value)}`);
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, copyMember(key, member)]));
}

/** True for object literals of any realm, and for objects without a prototype. */
function isPlainObject(value: unknown): value is JSONObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOfType(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = (value as object).constructor ?? {};
  return name ? `an instance of ${name}` : "an object";
}

/** Maximum depth of the check. Deeper values are copied, because they may be circular. */
const maxCheckedDepth = 32;

function isJSON(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || depth === 0) return false;
  if (Array.isArray(value)) return isArrayOfJSON(value, depth - 1);
  if (!isPlain(value)) return false;
  for (const key in value) {
    if (!isJSON((value as JSONObject)[key], depth - 1)) return false;
  }
  return true;
}

/** Visits every index, because a hole in the array would become `null`. */
function isArrayOfJSON(array: readonly unknown[], depth: number): boolean {
  if (!isPlain(array)) return false;
  for (let index = 0; index < array.length; index += 1) {
    if (!isJSON(array[index], depth)) return false;
  }
  return true;
}

/** Returns true for an array or an object whose JSON consists of its own members. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const expected = Array.isArray(value) ? Array.prototype : Object.prototype;
  return (prototype === expected || prototype === null) && !hasToJSON(value);
}

function hasToJSON(value: { readonly toJSON?: unknown }): boolean {
  return typeof value.toJSON === "function";
}

/**
 * Returns the approximate memory of a value decoded from JSON, in bytes. Stops above `maxBytes`, so
 * that the time is bounded, too.
 */
export function sizeOfJSON(value: unknown, maxBytes: number = Number.POSITIVE_INFINITY): number {
  const open = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= maxBytes) {
    const next = open.pop();
    bytes += 16;
    if (typeof next === "string") bytes += next.length;
    if (typeof next !== "object" || next === null) continue;
    bytes += 32;
    if (Array.isArray(next)) for (const item of next) open.push(item);
    else bytes += openMembers(next as JSONObject, open);
  }
  return bytes;
}

/**
 * Adds the values of an object to `open`, and returns the memory of the names. They are listed once,
 * because that takes long for an object of many members.
 */
function openMembers(object: JSONObject, open: unknown[]): number {
  let bytes = 0;
  for (const name of Object.keys(object)) {
    bytes += 16 + name.length;
    open.push(object[name]);
  }
  return bytes;
}
