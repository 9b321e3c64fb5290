/**
 * The allowed values of JSON Schema keywords. The validator ignores a value that it does not
 * understand, so a schema with such a value is refused when it is compiled.
 *
 * @spec basic/index#schema-validation
 */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";

type Check = (value: unknown) => boolean;

const types = ["array", "boolean", "integer", "null", "number", "object", "string"];

const isNumber: Check = (value) => typeof value === "number";
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === "string";
const isSchema: Check = (value) => isObject(value) || typeof value === "boolean";
const isType: Check = (value) => types.includes(value as string);
const isMap: Check = (value) => isObject(value) && Object.values(value).every(isSchema);

const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

const isFilled =
  (check: Check): Check =>
  (value) =>
    isListOf(check)(value) && (value as unknown[]).length > 0;

const isPattern: Check = (value) => {
  try {
    return isText(value) && new RegExp(value as string, "u") !== undefined;
  } catch {
    return false;
  }
};

const oneSchema = [
  ...["not", "if", "then", "else", "contains", "propertyNames"],
  ...["additionalProperties", "unevaluatedProperties", "additionalItems", "unevaluatedItems"],
];
const namedSchemas = [
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
];
const listedSchemas = ["allOf", "anyOf", "oneOf", "prefixItems"];

const keywords: ReadonlyMap<string, Check> = new Map([
  ...entries(isText, "$ref", "$id", "$anchor"),
  ...entries(isCount, "minLength", "maxLength", "minItems", "maxItems"),
  ...entries(isCount, "minProperties", "maxProperties", "minContains", "maxContains"),
  ...entries(isNumber, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...entries(isSchema, ...oneSchema),
  ...entries(isMap, ...namedSchemas),
  ...entries(isFilled(isSchema), ...listedSchemas),
  ["patternProperties", (value) => isMap(value) && Object.keys(value as object).every(isPattern)],
  ["items", (value) => isSchema(value) || isListOf(isSchema)(value)],
  ["type", (value) => isType(value) || isFilled(isType)(value)],
  ["required", isListOf(isText)],
  ["enum", Array.isArray],
  ["pattern", isPattern],
  ["multipleOf", (value) => isNumber(value) && (value as number) > 0],
  ["uniqueItems", (value) => typeof value === "boolean"],
]);

const one: ReadonlySet<string> = new Set([...oneSchema, "items"]);
const named: ReadonlySet<string> = new Set(namedSchemas);
const listed: ReadonlySet<string> = new Set([...listedSchemas, "items"]);

/** Returns the problem with the keywords of one schema, or undefined. */
export function keywordProblem(schema: JSONObject): string | undefined {
  // Its target depends on the validation, and the library does not track that.
  if ("$dynamicRef" in schema) return "$dynamicRef is not supported";
  for (const [keyword, value] of Object.entries(schema)) {
    if (keywords.get(keyword)?.(value) === false) return `${keyword} is not valid`;
  }
  return undefined;
}

/** Returns the direct subschemas with their paths. Values of unknown keywords are data. */
export function subschemas(schema: JSONObject): readonly (readonly [string, JSONObject])[] {
  const found = Object.entries(schema).flatMap(([keyword, value]) => {
    const isMany = Array.isArray(value) ? listed.has(keyword) : named.has(keyword);
    if (!isMany) return one.has(keyword) ? [[keyword, value] as const] : [];
    return Object.entries(value as object).map(
      ([name, one]) => [`${keyword}/${name}`, one] as const,
    );
  });
  return found.filter((entry): entry is [string, JSONObject] => isObject(entry[1]));
}

function entries(check: Check, ...names: readonly string[]): (readonly [string, Check])[] {
  return names.map((name) => [name, check]);
}
