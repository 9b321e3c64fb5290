/** The parts of a compiled schema: each applies a few keywords that belong together. */
import type { JSONObject } from "../protocol/json.ts";
import type { Match } from "./pattern.ts";
import type { Check, Validation } from "./validation.ts";

/** Tests of the formats that are asserted, by name. */
export type Formats = { readonly [format: string]: (text: string) => boolean };

/** The surroundings of the schema that is compiled. */
export interface PartContext {
  /** Compiles a subschema. */
  readonly checkOf: (schema: unknown) => Check;
  readonly matchOf: (pattern: string) => Match;
  readonly formats: Formats;
  /** True when items that match `contains` count as evaluated. */
  readonly isContainsEvaluating: boolean;
}

/** Compiles its keywords of a schema; returns undefined for a schema without them. */
export type CompilePart = (schema: JSONObject, context: PartContext) => Check | undefined;

/** A condition on values of one type. */
export interface Rule<T> {
  readonly holds: (value: T, run: Validation) => boolean;
  /** The problem of a value for which it does not hold. */
  readonly problem: string;
}

/** Combines rules to a part. Values of other types fulfil them. */
export function ruled<T>(
  isOf: (value: unknown) => value is T,
  rules: readonly Rule<T>[],
): Check | undefined {
  if (rules.length === 0) return undefined;
  return (value, run) => {
    if (!isOf(value)) return true;
    run.spend(rules.length);
    return run.every(rules, ({ holds, problem }) => holds(value, run) || run.fail(problem));
  };
}

/** Returns the rules of the keywords that a schema has. */
export function rulesOf<T, Limit>(
  schema: JSONObject,
  rules: { readonly [keyword: string]: (limit: Limit) => Rule<T> },
): readonly Rule<T>[] {
  return Object.entries(rules).flatMap(([keyword, ruleFor]) =>
    schema[keyword] === undefined ? [] : [ruleFor(schema[keyword] as Limit)],
  );
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
