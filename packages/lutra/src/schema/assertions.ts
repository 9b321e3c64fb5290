/** The keywords that compare a value with a constant, and those for numbers and strings. */
import { keyOf } from "./equality.ts";
import { isMultipleOf } from "./multiple-of.ts";
import { atLeast, atMost, type CompilePart, type Rule, ruled } from "./part.ts";
import { quoted, typeOf, type Validation } from "./validation.ts";

const typeBits: { readonly [type: string]: number } = {
  null: 1,
  boolean: 2,
  object: 4,
  array: 8,
  string: 16,
  integer: 32,
  number: 64 | 32,
};

export const type: CompilePart = ({ type }) => {
  const types = [type].flat() as string[];
  const allowed = types.reduce((bits, name) => bits | (typeBits[name] as number), 0);
  const problem = `expected ${types.join(" or ")}, got `;
  return (value, run) => (bitOf(value) & allowed) !== 0 || run.fail(problem, typeOf(value));
};

function bitOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return 16;
    case "number":
      return Number.isInteger(value) ? 32 : 64;
    case "boolean":
      return 2;
    case "object":
      return value === null ? 1 : Array.isArray(value) ? 8 : 4;
    default:
      return 0;
  }
}

/** Maximum number of constants that are compared one by one. */
const maxCompared = 16;
const uncounted = { spend: () => {} };

/** The keywords `const` and `enum`. */
export const constants: CompilePart = ruled((value): value is unknown => true, {
  const: (value: unknown) => oneOf([value]),
  enum: oneOf,
});

function oneOf(list: readonly unknown[]): Rule<unknown> {
  const has = memberTest(list);
  // The text is made only where it is needed: schemas can have many alternatives.
  return (value, run) => has(value, run) || (run.wantsMore && run.fail("expected ", shown(list)));
}

function memberTest(list: readonly unknown[]): Rule<unknown> {
  const isPlain = list.every((value) => typeof value !== "object" || value === null);
  if (isPlain && list.length <= maxCompared) return (value) => list.includes(value);
  const keys = new Set(list.map((value) => keyOf(value, uncounted)));
  return (value, run) => {
    // Saves the text of a value that can't be in the list.
    if (isPlain && typeof value === "object" && value !== null) return false;
    return keys.has(keyOf(value, run));
  };
}

function shown(list: readonly unknown[]): string {
  const some = list.slice(0, 10).map((value) => quoted(JSON.stringify(value, shorten)));
  if (list.length === 1) return String(some[0]);
  return `one of ${some.join(", ")}${list.length > some.length ? ", ..." : ""}`;
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === "string" ? quoted(value) : value;
}

const itself = (value: number) => value;

export const numbers: CompilePart = ruled((value): value is number => typeof value === "number", {
  minimum: atLeast(itself),
  maximum: atMost(itself),
  exclusiveMinimum: (limit: number) => (value, run) =>
    value > limit || run.fail("expected more than ", limit),
  exclusiveMaximum: (limit: number) => (value, run) =>
    value < limit || run.fail("expected less than ", limit),
  multipleOf: (limit: number) => (value, run) =>
    isMultipleOf(value, limit, run) || run.fail("expected a multiple of ", limit),
});

export const strings: CompilePart = ruled((value): value is string => typeof value === "string", {
  minLength: atLeast(lengthOf, " characters"),
  maxLength: atMost(lengthOf, " characters"),
  pattern: (pattern: string, { matchOf }) => {
    const match = matchOf(pattern);
    return (text, run) => match(text, run) || run.fail("expected a match of ", quoted(pattern));
  },
  format: (name: string, { formats }) => {
    const holds = Object.hasOwn(formats, name) ? formats[name] : undefined;
    return holds && ((text, run) => holds(text) || run.fail("expected the format ", name));
  },
});

/**
 * Returns the number of characters, of which each has one or two code units. Far from the limit, it is
 * not exact, but on the same side of it.
 */
function lengthOf(text: string, run: Validation, limit: number): number {
  const least = Math.ceil(text.length / 2);
  if (least > limit) return least;
  if (text.length < limit) return text.length;
  run.spend(text.length >> 3);
  let length = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) length -= 1;
  }
  return length;
}

/** Returns true for the first code unit of a character that has two. */
function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

/** Returns true for the second code unit of a character that has two. */
function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
