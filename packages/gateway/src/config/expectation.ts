/**
 * Converts the issues that zod finds to messages. An error map of zod is not enough, because it
 * returns one text per issue. Here, an issue about unknown keys becomes one message for each key,
 * and the message for a union depends on its alternatives.
 */
import { didYouMean, expectedOneOf } from "lutra/internal";
import type { z } from "zod";
import { type JsonSchema, schemasAt } from "./json-schema.ts";

type Issue = z.core.$ZodIssue;

/** A problem with a value, and the path of the value. */
export interface Expectation {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** True when the problem is with the key, not with its value. */
  readonly isKey: boolean;
}

const kinds: { readonly [expected: string]: string } = {
  array: "an array",
  boolean: "true or false",
  int: "an integer",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
};

/** Converts issues to expectations, at least one for each. `root` is the validated value. */
export function expectationsOf(
  issues: readonly Issue[],
  root: unknown,
  schema: JsonSchema,
): readonly Expectation[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") return unknownKeys(issue, schema);
    if (issue.code === "invalid_key") {
      const message = issue.issues.map((inner) => inner.message).join("; ");
      return [{ path: issue.path, message, isKey: true }];
    }
    const value = valueAt(root, issue.path);
    const [branch, ...others] = issue.code === "invalid_union" ? branchesOf(issue, value) : [];
    if (branch !== undefined && others.length === 0) return expectationsOf(branch, root, schema);
    // A custom rule is about a whole object, so it is reported at the key of that object.
    return [{ path: issue.path, message: messageOf(issue, value), isKey: issue.code === "custom" }];
  });
}

/** Returns all issues, including those inside unions, with paths from the root. */
export function flattenIssues(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union") return [issue];
    return issue.errors.flatMap((branch) =>
      flattenIssues(branch.map((inner) => below(issue, inner))),
    );
  });
}

/** Returns the alternatives that accept the value's type, or all alternatives if none does. */
function branchesOf(
  issue: z.core.$ZodIssueInvalidUnion,
  value: unknown,
): readonly (readonly Issue[])[] {
  const branches = issue.errors.map((branch) => branch.map((inner) => below(issue, inner)));
  const likely = branches.filter(
    (branch) => !branch.some((inner) => isOfOtherKind(inner, issue, value)),
  );
  return likely.length === 0 ? branches : likely;
}

function isOfOtherKind(inner: Issue, { path }: Issue, value: unknown): boolean {
  if (inner.path.length !== path.length) return false;
  if (inner.code === "invalid_type") return true;
  // A misspelt word is of the kind of the words that are expected.
  const isMisspelt = typeof value === "string" && wordsOf(inner).length > 0;
  return inner.code === "invalid_value" && !isMisspelt;
}

/** Returns the words that an issue expects. */
function wordsOf(issue: Issue): readonly string[] {
  const values = issue.code === "invalid_value" ? issue.values : [];
  return values.filter((each) => typeof each === "string");
}

function below(outer: Issue, inner: Issue): Issue {
  return { ...inner, path: [...outer.path, ...inner.path] };
}

function unknownKeys(
  { keys, path }: z.core.$ZodIssueUnrecognizedKeys,
  schema: JsonSchema,
): readonly Expectation[] {
  const known = schemasAt(schema, path).flatMap(({ properties = {} }) => Object.keys(properties));
  return keys.map((key) => {
    const message = `unknown key${expectedOneOf(key, known)}`;
    return { path: [...path, key], message, isKey: true };
  });
}

function messageOf(issue: Issue, value: unknown): string {
  const expected = expectedBy(issue, value);
  return value === undefined ? expected.replace(/^expected/, "missing, expected") : expected;
}

function expectedBy(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${kinds[issue.expected] ?? issue.expected}${butGot(value)}`;
    case "invalid_value":
      return expectedValues(issue.values, value);
    case "too_small":
      return `expected at least ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    case "invalid_union": {
      const branches = branchesOf(issue, value);
      const flat = branches.map(([first]) => first && expectedBy(first, undefined));
      const names = flat.map((text) => text?.replace(/^expected /, "")).filter(Boolean);
      const hint = suggestion(branches.flat().flatMap(wordsOf), value);
      return `expected ${names.join(" or ")}${hint || butGot(value)}`;
    }
    case "invalid_format":
      if ("prefix" in issue) return `expected a string that starts with ${issue.prefix}`;
      return issue.message;
    default:
      return issue.message;
  }
}

function expectedValues(values: readonly unknown[], value: unknown): string {
  const all = values.map((each) => JSON.stringify(each));
  const words = values.filter((each) => typeof each === "string");
  const hint = suggestion(words, value);
  return `expected ${all.length === 1 ? "" : "one of "}${all.join(", ")}${hint}`;
}

function suggestion(words: readonly string[], value: unknown): string {
  return typeof value === "string" ? didYouMean(value, words) : "";
}

function unitOf(origin: string, bound: number | bigint): string {
  if (origin === "array") return bound === 1 ? " item" : " items";
  return origin === "string" ? " characters" : "";
}

/** Names the kind of a value, but never the value, because it may be a secret. */
function butGot(value: unknown): string {
  if (value === undefined) return "";
  if (value === null) return ", got nothing";
  if (Array.isArray(value)) return ", got an array";
  if (typeof value === "boolean") return ", got a boolean";
  return typeof value === "object" ? ", got an object" : `, got a ${typeof value}`;
}

/** Returns the value at a path, or `undefined` if there is none. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return Reflect.get(value, key);
  }, root);
}
