import { Ajv, type AnySchemaObject } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";

const options = { strict: false, validateFormats: false, logger: false } as const;
const compile = createJSONSchemaValidator();

/** Every keyword of any dialect, except those whose text must be a pattern or lead to a schema. */
const keywords = [
  ...["$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment", "$vocabulary", "$defs"],
  ...["title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"],
  ...["format", "contentEncoding", "contentMediaType", "contentSchema", "definitions"],
  ...["type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum"],
  ...["exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"],
  ...["minContains", "maxContains", "minProperties", "maxProperties", "required"],
  ...["dependentRequired", "dependentSchemas", "dependencies", "allOf", "anyOf", "oneOf", "not"],
  ...["if", "then", "else", "prefixItems", "items", "additionalItems", "contains"],
  ...["properties", "patternProperties", "additionalProperties", "propertyNames"],
  ...["unevaluatedItems", "unevaluatedProperties", "x-mine"],
];

const values: readonly unknown[] = [
  ...[5, -1, 0, 1.5, "a", "", "1 x", "#a", "a.b-c_d", "null", true, false, null],
  ...[[], [1], ["a"], ["a", "a"], ["null"], ["null", "null"], [{}], [true, {}], [[]]],
  ...[{}, { a: 5 }, { a: "b" }, { a: true }, { a: {} }, { a: [] }, { a: ["b"] }, { a: ["b", "b"] }],
];

describe("basic/index#schema-validation: schemas MUST be valid according to their dialect", () => {
  it.each([
    // The copies of Ajv differ from the published schemas in these keywords.
    ["http://json-schema.org/draft-07/schema#", new Ajv(options), ["enum", "writeOnly"]],
    ["https://json-schema.org/draft/2019-09/schema", new Ajv2019(options), []],
    // This one is deprecated and has no effect.
    ["https://json-schema.org/draft/2020-12/schema", new Ajv2020(options), ["$recursiveAnchor"]],
  ])("as the schema of the dialect says: %s", ($schema, ajv, exceptions: readonly string[]) => {
    const differing = keywords
      .filter((one) => !exceptions.includes(one))
      .flatMap((keyword) =>
        values.flatMap((value) => {
          const schema = { $schema, [keyword]: value };
          const expected = ajv.validateSchema(schema);
          return isAccepted(schema) === expected ? [] : [{ keyword, value, expected }];
        }),
      );
    expect(differing).toEqual([]);
  });
});

function isAccepted(schema: JSONObject): boolean {
  try {
    compile(schema);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return false;
  }
}

/**
 * Schemas of most keywords. `unevaluated...` is left out, because Ajv counts what alternatives have
 * evaluated that do not match.
 */
const { schema: anySchema } = fc.letrec<{ schema: AnySchemaObject }>((tie) => {
  const inner = fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.boolean(), tie("schema"));
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const count = fc.nat(3);
  const named = fc.dictionary(fc.constantFrom("a", "b", "c"), inner, { maxKeys: 3 });
  const names = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 2 });
  const type = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
  const record = fc.record(
    {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      ...{ enum: fc.array(fc.constantFrom(1, "a", null, [1], { a: 1 }), { minLength: 1 }) },
      ...{ minimum: count, exclusiveMaximum: count, multipleOf: fc.constantFrom(1, 2) },
      ...{ minLength: count, maxLength: count, pattern: fc.constantFrom("^a", "b$", "[ab]{2}") },
      ...{ minItems: count, maxItems: count, uniqueItems: fc.boolean(), prefixItems: list },
      ...{ items: inner, contains: inner, minContains: count },
      ...{ minProperties: count, maxProperties: count, required: names, properties: named },
      patternProperties: fc.dictionary(fc.constantFrom("^a", "[bc]"), inner, { maxKeys: 2 }),
      ...{ additionalProperties: inner, propertyNames: inner },
      dependentRequired: fc.dictionary(fc.constantFrom("a", "b"), names, { maxKeys: 2 }),
      ...{ dependentSchemas: named, allOf: list, anyOf: list, oneOf: list, not: inner },
      ...{ if: inner, else: inner },
    },
    { requiredKeys: [] },
  );
  return { schema: fc.tuple(record, fc.nat()).map(([all, seed]) => someOf(all, seed)) };
});

/** Keeps a few keywords, because schemas with many of them accept nothing. */
function someOf(all: AnySchemaObject, seed: number): AnySchemaObject {
  const names = Object.keys(all);
  const kept = names.filter((_, index) => (index * 7 + seed) % names.length < 3);
  return Object.fromEntries(kept.map((name) => [name, all[name]]));
}

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, 0, 1, 2, 1.5, "", "a", "ab", "🦦"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "ab"), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}));

it("agrees with Ajv about random schemas and values", () => {
  fc.assert(
    fc.property(anySchema, fc.array(anyValue, { minLength: 10, maxLength: 15 }), (schema, all) => {
      const ajv = new Ajv2020({ ...options, unicodeRegExp: true });
      // No schema here has `unevaluated...`, and the code that Ajv generates for it throws a TypeError
      // for some schemas with `patternProperties` beside `anyOf` or `oneOf`.
      ajv.opts.unevaluated = false;
      const expected = ajv.compile(schema);
      const validate = compile(schema);
      for (const value of all) {
        expect([value, validate(value) === undefined]).toEqual([value, expected(value)]);
      }
    }),
    { numRuns: 60, seed: 8 },
  );
}, 120_000);
