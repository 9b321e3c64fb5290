/**
 * The default validator for JSON Schema. It interprets schemas and generates no code, resolves no
 * network references, and refuses schemas that exceed its limits.
 *
 * @spec basic/index#json-schema-usage, basic/index#ref-resolution
 */
import { dereference, type SchemaDraft, validate } from "@cfworker/json-schema";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { keywordProblem, subschemas } from "./keywords.ts";

/** Returns a description of the problem with a value, or undefined for a valid value. */
export type Validate = (value: unknown) => string | undefined;

/**
 * Compiles a JSON Schema. Throws `TypeError` for a schema that it cannot apply. Pass another validator
 * to `createServer` or `createClient` to trade size for speed.
 */
export type JSONSchemaValidator = (schema: JSONObject) => Validate;

export interface JSONSchemaValidatorOptions {
  /** Maximum nesting of a schema. @default 64 */
  readonly maxDepth?: number;
  /** Maximum number of objects and arrays in a schema. @default 5000 */
  readonly maxSubschemas?: number;
  /** Maximum number of subschemas that one validation with `$ref` applies. @default 1000000 */
  readonly maxSteps?: number;
  /** Maximum number of problems in one message. @default 3 */
  readonly maxProblems?: number;
}

/** The dialects that a schema can name in `$schema`. The default is 2020-12. */
const dialects: ReadonlyMap<unknown, SchemaDraft> = new Map([
  ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
  ["https://json-schema.org/draft/2019-09/schema", "2019-09"],
  ["http://json-schema.org/draft-07/schema", "7"],
]);

/** Maximum number of steps to find all problems. Beyond it, only the first one is reported. */
const maxThoroughSteps = 10_000;
/** Enough for `uniqueItems` with a few thousand numbers; takes about a tenth of a second. */
const maxComparisons = 30_000_000;

/**
 * Creates the default validator.
 *
 * @spec basic/index#implementation-requirements, basic/index#composition-keyword-resource-use
 */
export function createJSONSchemaValidator(
  options: JSONSchemaValidatorOptions = {},
): JSONSchemaValidator {
  const { maxDepth = 64, maxSubschemas = 5000, maxSteps = 1_000_000, maxProblems = 3 } = options;
  return (schema) => {
    const draft = dialectOf(schema);
    measure(schema, maxDepth, { left: maxSubschemas });
    // A copy, because the library adds members to the schema.
    const copy = structuredClone(schema) as Record<string, unknown>;
    const lookup = dereference(copy);
    const used = requireUsable(copy, lookup);
    const steps = countSteps(used);
    const compares = used.some(({ uniqueItems }) => uniqueItems === true);
    const problemsOf = (value: unknown, isThorough: boolean): readonly Problem[] => {
      steps.left = isThorough ? maxThoroughSteps : maxSteps;
      return validate(value, copy, draft, lookup, !isThorough).errors;
    };
    return (value) => {
      const first = unlessTooMuch(() => {
        if (compares) requireFewComparisons(value);
        return problemsOf(value, false);
      });
      if (first === undefined) return tooMuch;
      if (first.length === 0) return undefined;
      return describe(unlessTooMuch(() => problemsOf(value, true)) ?? first, maxProblems);
    };
  };
}

const tooMuch = "too large or nested too deeply to be checked";

/** Returns undefined for a RangeError, which is thrown when the stack or a limit is exceeded. */
function unlessTooMuch<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Counts the applied subschemas and ends a validation that exceeds its steps. The library has no
 * limit of its own, but reads `$recursiveAnchor` of every subschema that it applies. Schemas
 * without references need no limit, because their work is proportional to the size of value and
 * schema.
 */
function countSteps(used: readonly JSONObject[]): { left: number } {
  const steps = { left: 0 };
  if (!used.some(({ $ref }) => $ref !== undefined)) return steps;
  for (const subschema of used) {
    const { $recursiveAnchor } = subschema;
    Object.defineProperty(subschema, "$recursiveAnchor", {
      get: () => {
        steps.left -= 1;
        if (steps.left < 0) throw new RangeError("too many steps");
        return $recursiveAnchor;
      },
    });
  }
  return steps;
}

/** Limits `uniqueItems`, for which the library compares each item with each other item. */
function requireFewComparisons(value: unknown): void {
  let left = maxComparisons;
  const sizeOf = (member: unknown): number => {
    if (typeof member !== "object" || member === null) return 1;
    let size = 1;
    for (const inner of Object.values(member)) size += sizeOf(inner);
    if (Array.isArray(member)) left -= member.length * size;
    if (left < 0) throw new RangeError("too many comparisons");
    return size;
  };
  sizeOf(value);
}

function dialectOf(schema: JSONObject): SchemaDraft {
  const uri = schema.$schema;
  if (uri === undefined) return "2020-12";
  const draft = dialects.get(typeof uri === "string" ? uri.replace(/#$/, "") : uri);
  if (draft !== undefined) return draft;
  throw new TypeError(`JSON Schema: the dialect ${String(uri)} is not supported`);
}

function measure(schema: unknown, depth: number, budget: { left: number }): void {
  if (typeof schema !== "object" || schema === null) return;
  budget.left -= 1;
  if (depth === 0) throw new TypeError("JSON Schema: nested too deeply");
  if (budget.left < 0) throw new TypeError("JSON Schema: too many subschemas");
  for (const member of Object.values(schema)) measure(member, depth - 1, budget);
}

/**
 * Checks all schemas that can be applied: those below `root`, and the targets of references. Refuses
 * an unresolved reference, which the library would treat as a schema without restrictions.
 */
function requireUsable(root: JSONObject, lookup: Record<string, unknown>): readonly JSONObject[] {
  const used = new Map<JSONObject, string>([[root, "#"]]);
  for (const [schema, path] of used) {
    const problem = keywordProblem(schema);
    if (problem !== undefined) throw new TypeError(`JSON Schema: ${path}: ${problem}`);
    for (const [name, below] of subschemas(schema)) {
      if (!used.has(below)) used.set(below, `${path}/${name}`);
    }
    if (typeof schema.$ref !== "string") continue;
    const target = lookup[String(schema.__absolute_ref__)];
    if (target === undefined) {
      throw new TypeError(`JSON Schema: ${path}: $ref ${schema.$ref} is not in this schema`);
    }
    if (isObject(target) && !used.has(target)) used.set(target, schema.$ref);
  }
  return [...used.keys()];
}

interface Problem {
  readonly keyword: string;
  readonly instanceLocation: string;
  readonly error: string;
}

/** Keywords whose problems only repeat a problem of a subschema. */
const outer = new Set(["properties", "items", "prefixItems", "allOf", "$ref", "then", "else"]);

function describe(errors: readonly Problem[], maxProblems: number): string {
  const inner = errors.filter(({ keyword }) => !outer.has(keyword));
  const shown = (inner.length > 0 ? inner : errors).slice(0, maxProblems);
  return shown
    .map(({ instanceLocation, error }) => `${pathOf(instanceLocation)}${error.replace(/\.$/, "")}`)
    .join("; ");
}

/** Returns the prefix of a message, for example `a.0: ` for `#/a/0`. */
function pathOf(location: string): string {
  const path = location.replace(/^#\/?/, "").replaceAll("/", ".");
  return path === "" ? "" : `${path}: `;
}
