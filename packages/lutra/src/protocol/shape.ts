/** The shapes of received values, as functions that describe the first problem. */

import { isObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import { TransportError } from "./transport-error.ts";

/**
 * Returns the problem with a value, with the path that leads to it, or undefined. Text is made only
 * for problems.
 */
export type Shape = (value: unknown) => string | undefined;

export const string: Shape = (value) =>
  typeof value === "string" ? undefined : ": expected a string";

export const number: Shape = (value) =>
  typeof value === "number" ? undefined : ": expected a number";

export const boolean: Shape = (value) =>
  typeof value === "boolean" ? undefined : ": expected a boolean";

export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

export function oneOf(...texts: readonly string[]): Shape {
  const problem = `: expected ${texts.map((text) => `"${text}"`).join(" or ")}`;
  return (value) => (texts.includes(value as string) ? undefined : problem);
}

export function listOf(item: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return ": expected an array";
    for (let index = 0; index < value.length; index += 1) {
      const problem = item(value[index]);
      if (problem !== undefined) return `.${index}${problem}`;
    }
    return undefined;
  };
}

/** Members that are not named can have any value. */
export function object(members: { readonly [name: string]: Shape } = {}): Shape {
  const entries = Object.entries(members);
  return (value) => {
    if (!isObject(value)) return ": expected an object";
    for (const [name, shape] of entries) {
      const problem = shape(value[name]);
      if (problem !== undefined) return `.${name}${problem}`;
    }
    return undefined;
  };
}

/**
 * Creates the parser of a result. It throws a `TransportError` with the reason `malformed` for a
 * result of another shape.
 */
export function parserOf<R extends Result>(shape: Shape): (result: Result) => R {
  return (result) => {
    const problem = shape(result);
    if (problem === undefined) return result as R;
    throw new TransportError("malformed", `result${problem}`);
  };
}

/** The members that describe a tool, a prompt or a resource to users and models. */
export const descriptive: { readonly [name: string]: Shape } = {
  name: string,
  title: optional(string),
  description: optional(string),
  icons: optional(listOf(object({ src: string }))),
  _meta: optional(object()),
};
