/**
 * Converts the issues that zod finds to messages. An error map of zod is not enough, because it
 * returns one text per issue. Here, an issue about unknown keys becomes one message for each key,
 * and the message for a union depends on its alternatives.
 */
import type { z } from "zod";
import { closest, didYouMean } from "./closest.ts";
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
    const [branch, ...others] = issue.code === "invalid_union" ? branchesOf(issue) : [];
    if (branch !== undefined && others.length === 0) return expectationsOf(branch, root, schema);
    const value = valueAt(root, issue.path);
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
function branchesOf(issue: z.core.$ZodIssueInvalidUnion): readonly (readonly Issue[])[] {
  const branches = issue.errors.map((branch) => branch.map((inner) => below(issue, inner)));
  const likely = branches.filter((branch) => !branch.some((inner) => isOfOtherKind(inner, issue)));
  return likely.length === 0 ? branches : likely;
}

function isOfOtherKind(inner: Issue, { path }: Issue): boolean {
  const isSamePlace = inner.path.length === path.length;
  return isSamePlace && (inner.code === "invalid_type" || inner.code === "invalid_value");
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
    const hint = didYouMean(key, known) || `, expected one of ${known.join(", ")}`;
    return { path: [...path, key], message: `unknown key${hint}`, isKey: true };
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
      const flat = branchesOf(issue).map(([first]) => first && expectedBy(first, undefined));
      const names = flat.map((text) => text?.replace(/^expected /, "")).filter(Boolean);
      return `expected ${names.join(" or ")}${butGot(value)}`;
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
  const near = typeof value === "string" ? closest(value, words) : undefined;
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  return `expected ${all.length === 1 ? "" : "one of "}${all.join(", ")}${hint}`;
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
