/** The checks of options and definitions that do not depend on their meaning. */
import { expectedOneOf } from "./closest.ts";
import { isObject } from "./json.ts";

/**
 * Checks that a value is an object with known members only, so that a misspelt option is not
 * ignored.
 *
 * @param where The function or the definition, for the message
 * @throws {TypeError} that names the unknown member and the most similar known one
 */
export function requireKnownMembers(value: unknown, known: readonly string[], where: string): void {
  requireObject(where, value);
  const name = unknownMember(value, known);
  if (name === undefined) return;
  throw new TypeError(`${where}: ${name}: unknown option${expectedOneOf(name, known)}`);
}

/**
 * Checks that options or a definition are an object.
 *
 * @param where The function or the definition, for the message
 * @throws {TypeError}
 */
export function requireObject(where: string, value: unknown): asserts value is object {
  if (!isObject(value)) throw new TypeError(`${where}: expected an object`);
}

/** The types of entries that are told apart, as messages name them. */
const entryTypes = { string: "a string", function: "a function", object: "an object" };

/**
 * Checks that an option is an array, as a single value is often passed where a list is expected.
 *
 * @param where The function and the option, for the message
 * @param type The type of each entry. @default it is checked elsewhere
 * @throws {TypeError}
 */
export function requireArray(where: string, value: unknown, type?: keyof typeof entryTypes): void {
  if (!Array.isArray(value)) throw new TypeError(`${where}: expected an array`);
  if (type === undefined) return;
  const wrong = value.findIndex((entry) => typeof entry !== type || entry === null);
  if (wrong >= 0) throw new TypeError(`${where}[${wrong}]: expected ${entryTypes[type]}`);
}

/**
 * Checks that options are functions where they are set. Other values would fail with a later request.
 *
 * @param where The function that received the options, for the message
 * @throws {TypeError}
 */
export function requireFunctions<Name extends string>(
  where: string,
  options: { readonly [name in Name]?: unknown },
  names: readonly Name[],
): void {
  const wrong = names.find((name) => !["undefined", "function"].includes(typeof options[name]));
  if (wrong !== undefined) throw new TypeError(`${where}: ${wrong}: expected a function`);
}

/**
 * Checks that a value can serve requests.
 *
 * @param where The function that received it, for the message
 * @throws {TypeError} that names `createServer`
 */
export function requireServe(where: string, server: unknown): void {
  if (isObject(server) && typeof server.serve === "function") return;
  throw new TypeError(`${where}: expected a server, such as createServer({ ... })`);
}

/** Returns the first member that is not known, if there is one. */
export function unknownMember(value: object, known: readonly string[]): string | undefined {
  return Object.keys(value).find((name) => !known.includes(name));
}
