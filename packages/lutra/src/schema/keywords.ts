/**
 * The keywords of JSON Schema by dialect: their allowed values, and where they contain schemas. A
 * schema whose keywords have other values is invalid. Unknown keywords are data.
 *
 * @spec basic/index#schema-dialect, basic/index#schema-validation
 */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { quoted } from "./validation.ts";

/** A schema inside of a schema. */
export type Subschema = JSONObject | boolean;

export interface Dialect {
  readonly keywords: ReadonlyMap<string, Keyword>;
  /** True when `$ref` disables all keywords beside it. */
  readonly isRefAlone: boolean;
  /** True when items that match `contains` count as evaluated. */
  readonly isContainsEvaluating: boolean;
}

type Test = (value: unknown) => boolean;

interface Keyword {
  readonly isValid: Test;
  /** The place of schemas in the value: `inside` an object by name, or the value or its items. */
  readonly schemas?: "inside" | "direct";
}

const types = ["array", "boolean", "integer", "null", "number", "object", "string"];

const isAny: Test = () => true;
const isText: Test = (value) => typeof value === "string";
const isFlag: Test = (value) => typeof value === "boolean";
const isNumber: Test = (value) => typeof value === "number";
const isCount: Test = (value) => Number.isInteger(value) && (value as number) >= 0;
const isSchema: Test = (value) => isObject(value) || typeof value === "boolean";
const isType: Test = (value) => types.includes(value as string);
const isName: Test = (value) => typeof value === "string" && /^[A-Za-z_][-\w.]*$/.test(value);
const isIdentifier: Test = (value) => typeof value === "string" && /^[^#]*#?$/.test(value);

const isListOf = (test: Test) => (value: unknown) => Array.isArray(value) && value.every(test);
const isFilledListOf = (test: Test) => (value: unknown) =>
  isListOf(test)(value) && (value as unknown[]).length > 0;
const isSetOf = (test: Test) => (value: unknown) =>
  isListOf(test)(value) && new Set(value as unknown[]).size === (value as unknown[]).length;
const isMapOf = (test: Test) => (value: unknown) =>
  isObject(value) && Object.values(value).every(test);
const isEither = (one: Test, other: Test) => (value: unknown) => one(value) || other(value);

const isSchemaList = isFilledListOf(isSchema);
const isTypes = isSetOf(isType);

const shared = [
  ...keywords(isText, "$ref", "$schema", "$comment", "title", "description"),
  ...keywords(isText, "format", "pattern", "contentEncoding", "contentMediaType"),
  ...keywords(isAny, "const", "default"),
  ...keywords(Array.isArray, "enum", "examples"),
  ...keywords(isFlag, "uniqueItems", "readOnly", "writeOnly"),
  ...keywords(isNumber, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...keywords((value) => isNumber(value) && (value as number) > 0, "multipleOf"),
  ...keywords(isCount, "minLength", "maxLength", "minItems", "maxItems"),
  ...keywords(isCount, "minProperties", "maxProperties"),
  ...keywords(isSetOf(isText), "required"),
  ...keywords(
    isEither(isType, (value) => isTypes(value) && (value as unknown[]).length > 0),
    "type",
  ),
  ...schemas(isSchema, "not", "if", "then", "else", "contains"),
  ...schemas(isSchema, "propertyNames", "additionalProperties"),
  ...schemas(isSchemaList, "allOf", "anyOf", "oneOf"),
  ...maps(isSchema, "properties", "patternProperties", "definitions"),
  ...maps(isEither(isSchema, isSetOf(isText)), "dependencies"),
];

const draft7 = [
  ...shared,
  ...keywords(isText, "$id"),
  ...schemas(isEither(isSchema, isSchemaList), "items"),
  ...schemas(isSchema, "additionalItems"),
];

const since2019 = [
  ...shared,
  ...keywords(isIdentifier, "$id"),
  ...keywords(isName, "$anchor"),
  ...keywords(isMapOf(isFlag), "$vocabulary"),
  ...keywords(isFlag, "deprecated"),
  ...keywords(isCount, "minContains", "maxContains"),
  ...keywords(isMapOf(isSetOf(isText)), "dependentRequired"),
  ...maps(isSchema, "$defs", "dependentSchemas"),
  ...schemas(isSchema, "unevaluatedProperties", "unevaluatedItems", "contentSchema"),
];

const draft2019 = [
  ...since2019,
  ...keywords(isText, "$recursiveRef"),
  ...keywords(isFlag, "$recursiveAnchor"),
  ...schemas(isEither(isSchema, isSchemaList), "items"),
  ...schemas(isSchema, "additionalItems"),
];

const draft2020 = [
  ...since2019,
  ...keywords(isText, "$dynamicRef"),
  ...keywords(isName, "$dynamicAnchor"),
  ...schemas(isSchemaList, "prefixItems"),
  ...schemas(isSchema, "items"),
];

const defaultDialect = "https://json-schema.org/draft/2020-12/schema";

/** The dialects that a schema can name in `$schema`. */
const dialects: ReadonlyMap<string, Dialect> = new Map([
  ["http://json-schema.org/draft-07/schema", dialectWith(draft7, { isRefAlone: true })],
  ["https://json-schema.org/draft/2019-09/schema", dialectWith(draft2019)],
  [defaultDialect, dialectWith(draft2020, { isContainsEvaluating: true })],
]);

/**
 * Returns the dialect with a URI.
 *
 * @throws {TypeError} for a dialect that is not supported
 */
export function dialectOf(uri: unknown = defaultDialect): Dialect {
  const found = typeof uri === "string" ? dialects.get(uri.replace(/#$/, "")) : undefined;
  if (found !== undefined) return found;
  const shown = typeof uri === "string" ? quoted(uri) : JSON.stringify(uri);
  throw new TypeError(`JSON Schema: the dialect ${shown} is not supported`);
}

/** Returns the members that have an effect: known keywords and, in some dialects, `$ref` alone. */
export function effective(schema: JSONObject, { keywords, isRefAlone }: Dialect): JSONObject {
  const isAlone = isRefAlone && schema.$ref !== undefined;
  const hasEffect = (name: string) =>
    keywords.has(name) && schema[name] !== undefined && (!isAlone || name === "$ref");
  for (const name in schema) {
    if (hasEffect(name)) continue;
    return Object.fromEntries(Object.entries(schema).filter(([other]) => hasEffect(other)));
  }
  return schema;
}

type Entry = readonly [name: string, keyword: Keyword];

function keywords(isValid: Test, ...names: readonly string[]): readonly Entry[] {
  return names.map((name) => [name, { isValid }]);
}

function schemas(isValid: Test, ...names: readonly string[]): readonly Entry[] {
  return names.map((name) => [name, { isValid, schemas: "direct" }]);
}

function maps(isValid: Test, ...names: readonly string[]): readonly Entry[] {
  return names.map((name) => [name, { isValid: isMapOf(isValid), schemas: "inside" }]);
}

function dialectWith(
  entries: readonly Entry[],
  { isRefAlone = false, isContainsEvaluating = false }: Partial<Dialect> = {},
): Dialect {
  return { keywords: new Map(entries), isRefAlone, isContainsEvaluating };
}
