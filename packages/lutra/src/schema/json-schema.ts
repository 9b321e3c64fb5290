/**
 * The default validator for JSON Schema: interprets, generates no code, resolves no network
 * reference, and refuses schemas that are larger than its bounds.
 *
 * @spec basic/index#json-schema-usage, basic/index#ref-resolution
 */
import { dereference, type SchemaDraft, validate } from "@cfworker/json-schema";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";

/** Says in words what is wrong with a value, or `undefined` when it is valid. */
export type Validate = (value: unknown) => string | undefined;

/**
 * Compiles a JSON Schema once, at start. Throws `TypeError` for a schema it can't honour. Give
 * `createServer` or `createClient` another one to trade size for speed.
 */
export type JSONSchemaValidator = (schema: JSONObject) => Validate;

export interface JSONSchemaValidatorOptions {
  /** How deep a schema may nest. @default 64 */
  readonly maxDepth?: number;
  /** How many objects a schema may consist of. @default 5000 */
  readonly maxSubschemas?: number;
  /** How many problems one message lists. @default 3 */
  readonly maxProblems?: number;
}

/** The dialects that a schema may name in `$schema`; without one, 2020-12 holds. */
const dialects: { readonly [uri: string]: SchemaDraft } = {
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
  "https://json-schema.org/draft/2019-09/schema": "2019-09",
  "http://json-schema.org/draft-07/schema": "7",
};

/**
 * Makes the default validator.
 *
 * @spec basic/index#implementation-requirements, basic/index#composition-keyword-resource-use
 */
export function createJSONSchemaValidator(
  options: JSONSchemaValidatorOptions = {},
): JSONSchemaValidator {
  const { maxDepth = 64, maxSubschemas = 5000, maxProblems = 3 } = options;
  return (schema) => {
    const draft = dialectOf(schema);
    measure(schema, maxDepth, { left: maxSubschemas });
    // The library writes marks into the schema, so it gets a copy.
    const copy = structuredClone(schema) as Record<string, unknown>;
    const lookup = dereference(copy);
    requireLocalReferences(lookup);
    return (value) => {
      const { valid, errors } = validate(value, copy, draft, lookup, false);
      return valid ? undefined : describe(errors, maxProblems);
    };
  };
}

function dialectOf(schema: JSONObject): SchemaDraft {
  const uri = schema.$schema;
  if (uri === undefined) return "2020-12";
  const draft = typeof uri === "string" ? dialects[uri.replace(/#$/, "")] : undefined;
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

/** An unresolved reference is refused at once, in place of being taken for permissive. */
function requireLocalReferences(lookup: Record<string, unknown>): void {
  for (const schema of Object.values(lookup)) {
    if (!isObject(schema) || typeof schema.__absolute_ref__ !== "string") continue;
    if (lookup[schema.__absolute_ref__] === undefined) {
      throw new TypeError(`JSON Schema: $ref ${String(schema.$ref)} is not in this schema`);
    }
  }
}

interface Problem {
  readonly keyword: string;
  readonly instanceLocation: string;
  readonly error: string;
}

/** Keywords that only report that something below them failed. */
const outer = new Set(["properties", "items", "prefixItems", "allOf", "$ref", "then", "else"]);

function describe(errors: readonly Problem[], maxProblems: number): string {
  const inner = errors.filter(({ keyword }) => !outer.has(keyword));
  const shown = (inner.length > 0 ? inner : errors).slice(0, maxProblems);
  return shown
    .map(({ instanceLocation, error }) => `${pathOf(instanceLocation)}${error.replace(/\.$/, "")}`)
    .join("; ");
}

/** `#/a/0` becomes `a.0: `. */
function pathOf(location: string): string {
  const path = location.replace(/^#\/?/, "").replaceAll("/", ".");
  return path === "" ? "" : `${path}: `;
}
