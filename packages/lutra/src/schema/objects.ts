/** The keywords for objects. */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { atLeast, atMost, type CompilePart, ruled } from "./part.ts";
import type { Match } from "./pattern.ts";
import { type Check, quoted, type Validation } from "./validation.ts";

const countOf = (value: JSONObject, run: Validation) => run.keysOf(value).length;

/** The keywords `minProperties` and `maxProperties`. */
export const sizes: CompilePart = ruled(isObject, {
  minProperties: atLeast(countOf, " properties"),
  maxProperties: atMost(countOf, " properties"),
});

export const required: CompilePart = ({ required }) => requiring(required as readonly string[]);

/** @param beside The end of the message */
function requiring(names: readonly string[], beside = ""): Check {
  return (value, run) => {
    if (!isObject(value)) return true;
    run.spend(names.length);
    return run.every(
      names,
      (name) =>
        isPresent(value, name) || run.fail('expected the property "', quoted(name), '"', beside),
    );
  };
}

/** The keywords `dependentRequired` and `dependentSchemas`, and `dependencies`, which has both. */
export const dependents: CompilePart = (schema, { checkOf }) => {
  const { dependencies = {}, dependentRequired = {}, dependentSchemas = {} } = schema;
  const all = [dependencies, dependentRequired, dependentSchemas]
    .flatMap((one) => Object.entries(one as JSONObject))
    .map(([name, one]) => ({
      name,
      check: Array.isArray(one) ? requiring(one, ` beside "${quoted(name)}"`) : checkOf(one),
    }));
  return (value, run, evaluated) => {
    if (!isObject(value)) return true;
    run.spend(all.length);
    return run.every(
      all,
      ({ name, check }) => !isPresent(value, name) || check(value, run, evaluated),
    );
  };
};

/** Returns true for an own property; one that is undefined is absent in JSON. */
function isPresent(value: JSONObject, name: string): boolean {
  if (value[name] === undefined) return false;
  return !(name in Object.prototype) || Object.hasOwn(value, name);
}

/** Returns a function that reads an own property. */
function readerOf(name: string): (value: JSONObject) => unknown {
  if (name in Object.prototype) {
    return (value) => (Object.hasOwn(value, name) ? value[name] : undefined);
  }
  return (value) => value[name];
}

/** The keywords `properties`, `patternProperties` and `additionalProperties`. */
export const properties: CompilePart = (schema, context) => {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema;
  const named = Object.entries(properties as JSONObject).map(
    ([name, one]) => [name, context.checkOf(one)] as const,
  );
  const patterns = Object.entries(patternProperties as JSONObject).map(([pattern, one]) => ({
    match: context.matchOf(pattern),
    check: context.checkOf(one),
  }));
  const rest = additionalProperties === undefined ? [] : [context.checkOf(additionalProperties)];
  if (patterns.length > 0 || rest.length > 0) {
    const own = named.map(([name, check]) => [name, [check]] as const);
    return eachMember({ named: dictionary(own), patterns, rest });
  }
  return named.length > 0 ? namedMembers(named) : undefined;
};

/** Visits the members that the schema names. */
function namedMembers(named: readonly (readonly [name: string, check: Check])[]): Check {
  const entries = named.map(([name, check]) => ({ name, check, read: readerOf(name) }));
  return (value, run, evaluated) => {
    if (!isObject(value)) return true;
    // A member that is absent takes as long to read as one that is present.
    run.spend(entries.length * 3);
    return run.every(entries, ({ name, check, read }) => {
      const member = read(value);
      if (member === undefined) return true;
      if (evaluated) run.evaluate(evaluated, name);
      return run.member(check, member, name);
    });
  };
}

interface Members {
  readonly named: { readonly [name: string]: readonly Check[] };
  readonly patterns: readonly { readonly match: Match; readonly check: Check }[];
  /** The schema of the other members; empty without one. */
  readonly rest: readonly Check[];
}

/** Visits the members that the value has. */
function eachMember(members: Members): Check {
  const { rest } = members;
  return (value, run, evaluated) => {
    if (!isObject(value)) return true;
    const isValid = run.every(run.keysOf(value), (key) => {
      // In JSON, it is absent.
      if (value[key] === undefined) return true;
      const own = schemasFor(key, members, run);
      if (own.length > 0 && evaluated) run.evaluate(evaluated, key);
      const checks = own.length > 0 ? own : rest;
      return run.every(checks, (check) => run.member(check, value[key], key));
    });
    if (rest.length > 0 && evaluated) evaluated.hasAll = true;
    return isValid;
  };
}

const none: readonly Check[] = [];

function schemasFor(key: string, { named, patterns }: Members, run: Validation): readonly Check[] {
  let own = named[key] ?? none;
  for (const { match, check } of patterns) if (match(key, run)) own = [...own, check];
  return own;
}

export const propertyNames: CompilePart = ({ propertyNames }, { checkOf }) => {
  const check = checkOf(propertyNames);
  return (value, run) => {
    if (!isObject(value)) return true;
    const wrong = run.keysOf(value).find((key) => !run.matches(check, key));
    return wrong === undefined || run.fail(`the property name "${quoted(wrong)}" is not allowed`);
  };
};

export const unevaluatedProperties: CompilePart = ({ unevaluatedProperties }, { checkOf }) => {
  const check = checkOf(unevaluatedProperties);
  return (value, run, evaluated) => {
    if (!isObject(value) || evaluated === undefined || evaluated.hasAll) return true;
    const { keys } = evaluated;
    evaluated.hasAll = true;
    const isDone = (key: string) => keys.has(key) || value[key] === undefined;
    const all = run.keysOf(value);
    run.spend(all.length * 4);
    return run.every(all, (key) => isDone(key) || run.member(check, value[key], key));
  };
};

/** Returns an object without inherited members. */
function dictionary<T>(entries: readonly (readonly [string, T])[]): { readonly [key: string]: T } {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
