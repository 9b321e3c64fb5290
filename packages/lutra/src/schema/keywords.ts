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
  readonly schemas: "inside" | "direct" | undefined;
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
const isTypes: Test = (value) => isFilledListOf(isType)(value) && isSetOf(isType)(value);
const isSchemaMap = isMapOf(isSchema);

const shared = [
  ...keywords("$ref $schema $comment title description format pattern", isText),
  ...keywords("contentEncoding contentMediaType", isText),
  ...keywords("const default", isAny),
  ...keywords("enum examples", Array.isArray),
  ...keywords("uniqueItems readOnly writeOnly", isFlag),
  ...keywords("minimum maximum exclusiveMinimum exclusiveMaximum", isNumber),
  ...keywords("multipleOf", (value) => isNumber(value) && (value as number) > 0),
  ...keywords("minLength maxLength minItems maxItems minProperties maxProperties", isCount),
  ...keywords("required", isSetOf(isText)),
  ...keywords("type", isEither(isType, isTypes)),
  ...keywords("not if then else contains propertyNames additionalProperties", isSchema, "direct"),
  ...keywords("allOf anyOf oneOf", isSchemaList, "direct"),
  ...keywords("properties patternProperties definitions", isSchemaMap, "inside"),
  ...keywords("dependencies", isMapOf(isEither(isSchema, isSetOf(isText))), "inside"),
];

const draft7 = [
  ...shared,
  ...keywords("$id", isText),
  ...keywords("items", isEither(isSchema, isSchemaList), "direct"),
  ...keywords("additionalItems", isSchema, "direct"),
];

const since2019 = [
  ...shared,
  ...keywords("$id", isIdentifier),
  ...keywords("$anchor", isName),
  ...keywords("$vocabulary", isMapOf(isFlag)),
  ...keywords("deprecated", isFlag),
  ...keywords("minContains maxContains", isCount),
  ...keywords("dependentRequired", isMapOf(isSetOf(isText))),
  ...keywords("$defs dependentSchemas", isSchemaMap, "inside"),
  ...keywords("unevaluatedProperties unevaluatedItems contentSchema", isSchema, "direct"),
];

const draft2019 = [
  ...since2019,
  ...keywords("$recursiveRef", isText),
  ...keywords("$recursiveAnchor", isFlag),
  ...keywords("items", isEither(isSchema, isSchemaList), "direct"),
  ...keywords("additionalItems", isSchema, "direct"),
];

const draft2020 = [
  ...since2019,
  ...keywords("$dynamicRef", isText),
  ...keywords("$dynamicAnchor", isName),
  ...keywords("prefixItems", isSchemaList, "direct"),
  ...keywords("items", isSchema, "direct"),
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

/** @param names Separated by spaces */
function keywords(names: string, isValid: Test, schemas?: Keyword["schemas"]): readonly Entry[] {
  return names.split(" ").map((name) => [name, { isValid, schemas }]);
}

function dialectWith(
  entries: readonly Entry[],
  { isRefAlone = false, isContainsEvaluating = false }: Partial<Dialect> = {},
): Dialect {
  return { keywords: new Map(entries), isRefAlone, isContainsEvaluating };
}
