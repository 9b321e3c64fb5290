/** The keywords for arrays. */
import type { JSONObject } from "../protocol/json.ts";
import { keyOf } from "./equality.ts";
import { type CompilePart, isArray, type Rule, ruled, rulesOf } from "./part.ts";
import type { Validation } from "./validation.ts";

type Items = readonly unknown[];

const arrayRules: { readonly [keyword: string]: (limit: number) => Rule<Items> } = {
  minItems: (limit) => ({
    holds: (items) => items.length >= limit,
    problem: `expected at least ${limit} items`,
  }),
  maxItems: (limit) => ({
    holds: (items) => items.length <= limit,
    problem: `expected at most ${limit} items`,
  }),
};

export const arrays: CompilePart = (schema) => {
  const rules = [...rulesOf(schema, arrayRules)];
  if (schema.uniqueItems === true) {
    rules.push({ holds: areUnique, problem: "expected items that differ from each other" });
  }
  return ruled(isArray, rules);
};

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

export const firstItems: CompilePart = (schema, { checkOf }) => {
  const { first } = itemSchemas(schema);
  if (first.length === 0) return undefined;
  const checks = first.map(checkOf);
  return (value, run, evaluated) => {
    if (!isArray(value)) return true;
    if (evaluated) evaluated.items = Math.max(evaluated.items, checks.length);
    const given = checks.length > value.length ? checks.slice(0, value.length) : checks;
    return run.every(given, (check, index) => run.member(check, value[index], index));
  };
};

export const otherItems: CompilePart = (schema, { checkOf }) => {
  const { first, rest } = itemSchemas(schema);
  if (rest === undefined) return undefined;
  const check = checkOf(rest);
  return (value, run, evaluated) => {
    if (!isArray(value)) return true;
    if (evaluated) evaluated.hasAll = true;
    return run.every(value, (item, index) => run.member(check, item, index), first.length);
  };
};

export const contains: CompilePart = (schema, { checkOf, isContainsEvaluating }) => {
  if (schema.contains === undefined) return undefined;
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
      if (!run.quietly(check, value[index])) continue;
      count += 1;
      if (isContainsEvaluating && evaluated) run.evaluate(evaluated, index);
    }
    if (count < min) return run.fail(`expected at least ${min} items that match "contains"`);
    return count <= max || run.fail(`expected at most ${max} items that match "contains"`);
  };
};

export const unevaluatedItems: CompilePart = ({ unevaluatedItems }, { checkOf }) => {
  if (unevaluatedItems === undefined) return undefined;
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
