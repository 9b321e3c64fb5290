/** The keywords that compare a value with a constant, and those for numbers and strings. */
import type { JSONObject } from "../protocol/json.ts";
import { keyOf } from "./equality.ts";
import { isMultipleOf } from "./multiple-of.ts";
import { type CompilePart, type PartContext, type Rule, ruled, rulesOf } from "./part.ts";
import { quoted, type Validation } from "./validation.ts";

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
  if (type === undefined) return undefined;
  const types = [type].flat() as string[];
  const allowed = types.reduce((bits, name) => bits | (typeBits[name] as number), 0);
  const problem = `expected ${types.join(" or ")}`;
  return (value, run) => (bitOf(value) & allowed) !== 0 || run.fail(problem, value);
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
export const constants: CompilePart = (schema) => {
  const lists = [
    ...("const" in schema ? [[schema.const]] : []),
    ...(schema.enum === undefined ? [] : [schema.enum as readonly unknown[]]),
  ];
  const rules = lists.map((list) => ({ holds: oneOf(list), problem: `expected ${shown(list)}` }));
  return ruled((value): value is unknown => true, rules);
};

function oneOf(list: readonly unknown[]): Rule<unknown>["holds"] {
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

const numberRules: { readonly [keyword: string]: (limit: number) => Rule<number> } = {
  minimum: (limit) => ({ holds: (n) => n >= limit, problem: `expected at least ${limit}` }),
  maximum: (limit) => ({ holds: (n) => n <= limit, problem: `expected at most ${limit}` }),
  exclusiveMinimum: (limit) => ({
    holds: (n) => n > limit,
    problem: `expected more than ${limit}`,
  }),
  exclusiveMaximum: (limit) => ({
    holds: (n) => n < limit,
    problem: `expected less than ${limit}`,
  }),
  multipleOf: (limit) => ({
    holds: (n, run) => isMultipleOf(n, limit, run),
    problem: `expected a multiple of ${limit}`,
  }),
};

export const numbers: CompilePart = (schema) =>
  ruled((value): value is number => typeof value === "number", rulesOf(schema, numberRules));

const stringRules: { readonly [keyword: string]: (limit: number) => Rule<string> } = {
  minLength: (limit) => ({
    holds: (text, run) => hasLength(text, run, (length) => length >= limit),
    problem: `expected at least ${limit} characters`,
  }),
  maxLength: (limit) => ({
    holds: (text, run) => hasLength(text, run, (length) => length <= limit),
    problem: `expected at most ${limit} characters`,
  }),
};

export const strings: CompilePart = (schema, context) =>
  ruled(
    (value): value is string => typeof value === "string",
    [
      ...rulesOf(schema, stringRules),
      ...patternRules(schema, context),
      ...formatRules(schema, context),
    ],
  );

function patternRules({ pattern }: JSONObject, { matchOf }: PartContext): readonly Rule<string>[] {
  if (pattern === undefined) return [];
  const match = matchOf(pattern as string);
  return [{ holds: match, problem: `expected a match of ${quoted(pattern as string)}` }];
}

function formatRules({ format }: JSONObject, { formats }: PartContext): readonly Rule<string>[] {
  const name = String(format);
  const holds = Object.hasOwn(formats, name) ? formats[name] : undefined;
  return holds === undefined ? [] : [{ holds, problem: `expected the format ${name}` }];
}

/** Tests the number of characters, of which each has one or two code units. */
function hasLength(text: string, run: Validation, test: (length: number) => boolean): boolean {
  const most = test(text.length);
  if (most === test(Math.ceil(text.length / 2))) return most;
  run.spend(text.length >> 3);
  let length = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) length -= 1;
  }
  return test(length);
}

/** Returns true for the first code unit of a character that has two. */
function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

/** Returns true for the second code unit of a character that has two. */
function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
