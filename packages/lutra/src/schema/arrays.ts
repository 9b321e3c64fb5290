/** The keywords for arrays. */
import type { JSONObject } from "../protocol/json.ts";
import { keyOf } from "./equality.ts";
import { atLeast, atMost, type CompilePart, isArray, ruled } from "./part.ts";
import type { Check, Validation } from "./validation.ts";

type Items = readonly unknown[];

const countOf = (items: Items) => items.length;

/** The keywords `minItems`, `maxItems` and `uniqueItems`. */
export const arrays: CompilePart = ruled(isArray, {
  minItems: atLeast(countOf, " items"),
  maxItems: atMost(countOf, " items"),
  uniqueItems: (isUnique: boolean) =>
    isUnique
      ? (items, run) =>
          areUnique(items, run) || run.fail("expected items that differ from each other")
      : undefined,
});

function areUnique(items: Items, run: Validation): boolean {
  const keys = new Set<string>();
  for (const item of items) {
    run.spend(32);
    const key = keyOf(item, run);
    if (keys.has(key)) return false;
    keys.add(key);
  }
  return true;
}

interface ItemSchemas {
  /** The schemas of the first items. */
  readonly first: readonly unknown[];
  /** The schema of all others. */
  readonly rest: unknown;
}

/** In earlier dialects, `items` can have the meaning of `prefixItems`. */
function itemSchemas({ prefixItems = [], items, additionalItems }: JSONObject): ItemSchemas {
  if (Array.isArray(items)) return { first: items, rest: additionalItems };
  return { first: prefixItems as Items, rest: items };
}

export const items: CompilePart = (schema, { checkOf }) => {
  const { first, rest } = itemSchemas(schema);
  const checks = first.map(checkOf);
  const other = rest === undefined ? undefined : checkOf(rest);
  return (value, run, evaluated) => {
    if (!isArray(value)) return true;
    if (evaluated) {
      evaluated.items = Math.max(evaluated.items, checks.length);
      evaluated.hasAll ||= other !== undefined;
    }
    const given = other === undefined ? value.slice(0, checks.length) : value;
    return run.every(given, (item, index) =>
      run.member((checks[index] ?? other) as Check, item, index),
    );
  };
};

const matching = ' items that match "contains"';

export const contains: CompilePart = (schema, { checkOf }, { resource }) => {
  const { isContainsEvaluating } = resource.dialect;
  const check = checkOf(schema.contains);
  const { minContains: min = 1, maxContains: max = Number.POSITIVE_INFINITY } = schema as {
    readonly minContains?: number;
    readonly maxContains?: number;
  };
  return (value, run, evaluated) => {
    if (!isArray(value)) return true;
    let count = 0;
    run.spend(value.length);
    for (let index = 0; index < value.length; index += 1) {
      if (!run.matches(check, value[index])) continue;
      count += 1;
      if (isContainsEvaluating && evaluated) run.evaluate(evaluated, index);
    }
    if (count < min) return run.fail("expected at least ", min, matching);
    return count <= max || run.fail("expected at most ", max, matching);
  };
};

export const unevaluatedItems: CompilePart = ({ unevaluatedItems }, { checkOf }) => {
  const check = checkOf(unevaluatedItems);
  return (value, run, evaluated) => {
    if (!isArray(value) || evaluated === undefined || evaluated.hasAll) return true;
    const { keys, items } = evaluated;
    evaluated.hasAll = true;
    run.spend(value.length * 4);
    const test = (item: unknown, index: number) =>
      keys.has(index) || run.member(check, item, index);
    return run.every(value, test, items);
  };
};
