/** The parts of a compiled schema: each applies a few keywords that belong together. */
import type { JSONObject } from "../protocol/json.ts";
import type { Match } from "./pattern.ts";
import type { Place, ReferenceKeyword } from "./resources.ts";
import type { Check, Validation } from "./validation.ts";

/** Tests of the formats that are asserted, by name. */
export type Formats = { readonly [format: string]: (text: string) => boolean };

/** The surroundings of the schema that is compiled. */
export interface PartContext {
  /** Compiles a subschema. */
  readonly checkOf: (schema: unknown) => Check;
  readonly matchOf: (pattern: string) => Match;
  readonly formats: Formats;
  /** Compiles the target of a reference. */
  readonly referenceOf: (place: Place, keyword: ReferenceKeyword) => Check;
}

/**
 * Compiles its keywords, of which the schema has at least one; returns undefined if their values allow
 * everything.
 */
export type CompilePart = (
  schema: JSONObject,
  context: PartContext,
  place: Place,
) => Check | undefined;

/** A condition on values of one type. Records a problem if it does not hold. */
export type Rule<T> = (value: T, run: Validation) => boolean;

/** Creates the rule of a keyword; returns undefined if its value allows everything. */
export type RuleFor<T> = (limit: never, context: PartContext) => Rule<T> | undefined;

/** Combines the rules of keywords to a part. Values of other types fulfil them. */
export function ruled<T>(
  isOf: (value: unknown) => value is T,
  rulesFor: { readonly [keyword: string]: RuleFor<T> },
): CompilePart {
  const names = Object.keys(rulesFor);
  return (schema, context) => {
    const rules: Rule<T>[] = [];
    for (const name of names) {
      const limit = schema[name];
      const rule = limit === undefined ? undefined : rulesFor[name]?.(limit as never, context);
      if (rule !== undefined) rules.push(rule);
    }
    if (rules.length === 0) return undefined;
    return (value, run) => {
      if (!isOf(value)) return true;
      run.spend(rules.length);
      return run.all(rules, value);
    };
  };
}

/** Measures a value, exactly if the size is near the limit. */
type SizeOf<T> = (value: T, run: Validation, limit: number) => number;

/** Returns the rule of a minimum. */
export function atLeast<T>(sizeOf: SizeOf<T>, unit = ""): (limit: number) => Rule<T> {
  return (limit) => (value, run) =>
    sizeOf(value, run, limit) >= limit || run.fail("expected at least ", limit, unit);
}

/** Returns the rule of a maximum. */
export function atMost<T>(sizeOf: SizeOf<T>, unit = ""): (limit: number) => Rule<T> {
  return (limit) => (value, run) =>
    sizeOf(value, run, limit) <= limit || run.fail("expected at most ", limit, unit);
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
