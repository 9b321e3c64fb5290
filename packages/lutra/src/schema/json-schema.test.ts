import { afterEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";

const compile = createJSONSchemaValidator();
const validates = (schema: JSONObject, value: unknown) => compile(schema)(value) === undefined;

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("basic/index#json-schema-usage", () => {
  it.each<[string, JSONObject, unknown, unknown]>([
    ["type", { type: "object" }, {}, []],
    ["type integer", { type: "integer" }, 42.0, 42.5],
    ["a union of types", { type: ["string", "null"] }, null, 1],
    ["required", { required: ["toString"] }, { toString: 1 }, {}],
    ["properties", { properties: { a: { type: "string" } } }, { a: "" }, { a: 1 }],
    [
      "inherited names are absent",
      { properties: { valueOf: { type: "string" } } },
      {},
      { valueOf: 1 },
    ],
    [
      "additionalProperties",
      { properties: { a: true }, additionalProperties: false },
      { a: 1 },
      { b: 1 },
    ],
    [
      "__proto__ is a property like any other",
      { properties: { a: true }, additionalProperties: false },
      {},
      JSON.parse('{"__proto__":1}'),
    ],
    ["enum", { enum: ["a", null, [1]] }, [1], "b"],
    ["const", { const: { a: 1 } }, { a: 1 }, { a: 2 }],
    ["pattern", { pattern: "^\\p{Lu}" }, "Ä", "ä"],
    ["minLength counts characters", { minLength: 2 }, "🦦🦦", "🦦"],
    ["multipleOf", { multipleOf: 0.01 }, 4.35, 4.355],
    ["exclusiveMinimum", { exclusiveMinimum: 0 }, 0.1, 0],
    ["uniqueItems", { uniqueItems: true }, [1, "1", { a: 1 }], [{ a: 1 }, { a: 1 }]],
    ["contains", { contains: { type: "null" } }, [1, null], [1]],
    [
      "prefixItems",
      { prefixItems: [{ type: "string" }], items: { type: "number" } },
      ["a", 1],
      [1],
    ],
    ["anyOf", { anyOf: [{ type: "string" }, { type: "number" }] }, 1, true],
    ["oneOf", { oneOf: [{ type: "number" }, { type: "integer" }] }, 1.5, 1],
    ["allOf", { allOf: [{ minimum: 1 }, { maximum: 2 }] }, 1, 3],
    ["not", { not: { type: "null" } }, 1, null],
    [
      "if, then and else",
      JSON.parse('{"if":{"const":1},"then":true,"else":{"type":"string"}}'),
      1,
      2,
    ],
    ["dependentRequired", { dependentRequired: { a: ["b"] } }, { b: 1 }, { a: 1 }],
    [
      "unevaluatedProperties",
      { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
      { a: 1 },
      { b: 1 },
    ],
    ["$defs", { $ref: "#/$defs/a", $defs: { a: { type: "null" } } }, null, 1],
    ["$anchor", { $ref: "#here", $defs: { a: { $anchor: "here", type: "null" } } }, null, 1],
    [
      "a recursive $ref",
      { type: "object", properties: { next: { $ref: "#" } }, required: ["v"] },
      { v: 1, next: { v: 2 } },
      { v: 1, next: {} },
    ],
    [
      "$id",
      { $id: "https://example.com/s", $defs: { a: { $id: "a", type: "null" } }, $ref: "a" },
      null,
      1,
    ],
  ])("MUST support JSON Schema 2020-12: %s", (_what, schema, valid, invalid) => {
    expect(validates(schema, valid)).toBe(true);
    expect(validates(schema, invalid)).toBe(false);
  });

  it.each([
    ["https://json-schema.org/draft/2020-12/schema"],
    ["https://json-schema.org/draft/2020-12/schema#"],
    ["https://json-schema.org/draft/2019-09/schema"],
    ["http://json-schema.org/draft-07/schema#"],
    ["http://json-schema.org/draft-07/schema"],
  ])("validates by the dialect that $schema names: %s", ($schema) => {
    expect(validates({ $schema, type: "string" }, "")).toBe(true);
    expect(validates({ $schema, type: "string" }, 1)).toBe(false);
  });

  it("draft-07 ignores what stands beside $ref, 2020-12 does not", () => {
    const schema = {
      $ref: "#/definitions/a",
      maxLength: 1,
      definitions: { a: { type: "string" } },
    };
    const $schema = "http://json-schema.org/draft-07/schema#";
    expect(validates({ $schema, ...schema }, "long")).toBe(true);
    expect(validates(schema, "long")).toBe(false);
  });

  it.each([
    ["http://json-schema.org/draft-04/schema#"],
    ["http://json-schema.org/draft-06/schema#"],
    ["https://example.com/my-dialect"],
    [""],
    [null],
    [2020],
    ["constructor"],
  ])("MUST return an appropriate error for an unsupported dialect: %s", ($schema) => {
    expect(() => compile({ $schema })).toThrow(TypeError);
    expect(() => compile({ $schema })).toThrow(`the dialect ${$schema} is not supported`);
  });
});

describe("basic/index#schema-validation: schemas MUST be valid according to their dialect", () => {
  it.each<[string, JSONObject]>([
    ["an unknown type", { type: "text" }],
    ["a type that is not a string", { type: 1 }],
    ["an empty list of types", { type: [] }],
    ["properties that are a list", { properties: [] }],
    ["a property that is text", { properties: { a: "string" } }],
    ["a property that is null", { properties: { a: null } }],
    ["required that is text", { required: "a" }],
    ["required that is a flag", { properties: { a: { type: "string", required: true } } }],
    ["required names that are numbers", { required: [1] }],
    ["an enum that is text", { enum: "a" }],
    ["an empty anyOf", { anyOf: [] }],
    ["an allOf that is not a list", { allOf: {} }],
    ["a oneOf of text", { oneOf: ["a"] }],
    ["items that are text", { items: "string" }],
    ["additionalProperties that are text", { additionalProperties: "no" }],
    ["not that is a list", { not: [] }],
    ["a pattern that does not compile", { pattern: "(" }],
    ["a pattern that is not a string", { pattern: 1 }],
    ["a property pattern that does not compile", { patternProperties: { "[": true } }],
    ["a minimum that is text", { minimum: "1" }],
    ["a negative length", { minLength: -1 }],
    ["a fractional count", { maxItems: 1.5 }],
    ["multipleOf 0", { multipleOf: 0 }],
    ["uniqueItems that is not a boolean", { uniqueItems: "yes" }],
    ["a $ref that is not a string", { $ref: 1 }],
    ["a definition that is text", { $defs: { a: "string" } }],
    ["an $id that is not a URI", { $id: "http://[" }],
  ])("%s", (_what, schema) => {
    expect(() => compile(schema)).toThrow(TypeError);
  });

  it("says where", () => {
    const schema = { properties: { a: { items: { type: "text" } } } };
    expect(() => compile(schema)).toThrow("#/properties/a/items: type is not valid");
  });

  it("keywords that no one knows, and data that looks like a keyword, are left alone", () => {
    const schema = {
      "x-mine": { type: "text" },
      const: { type: "text", $ref: "https://example.com/x" },
      default: { pattern: "(" },
      examples: [{ $dynamicRef: "#x" }],
      properties: { pattern: { type: "string" }, $ref: { type: "string" } },
    };
    expect(() => compile(schema)).not.toThrow();
  });
});

describe("basic/index#ref-resolution", () => {
  it.each([
    ["https://example.com/schema.json"],
    ["https://example.com/schema.json#/$defs/a"],
    ["http://127.0.0.1/schema.json"],
    ["//example.com/schema.json"],
    ["file:///etc/passwd"],
    ["other.json"],
    ["https://json-schema.org/draft/2020-12/schema"],
  ])("MUST NOT dereference a $ref that resolves to a network URI: %s", ($ref) => {
    const fetch = vi.fn();
    vi.stubGlobal("fetch", fetch);
    const schema = { type: "object", properties: { a: { $ref } } };
    expect(() => compile(schema)).toThrow(TypeError);
    expect(() => compile(schema)).toThrow($ref);
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    ["a definition that is missing", { $ref: "#/$defs/b", $defs: { a: {} } }],
    ["an anchor that is missing", { $ref: "#here" }],
    ["in a branch that is rarely taken", { anyOf: [{}, { not: { $ref: "#/$defs/b" } }] }],
    ["a place that holds no schema", { $ref: "#/type", type: "string" }],
  ])(
    "an unresolved $ref SHOULD be rejected rather than silently permissive: %s",
    (_what, schema) => {
      expect(() => compile(schema)).toThrow(/is not in this schema/);
    },
  );

  it.each([
    ["$dynamicRef", { $dynamicRef: "#node", $defs: { a: { $dynamicAnchor: "node" } } }],
    ["$dynamicRef, deep inside", { properties: { a: { items: { $dynamicRef: "#" } } } }],
  ])("a reference that is not followed is refused, too: %s", (_what, schema) => {
    expect(() => compile(schema)).toThrow(/\$dynamicRef is not supported/);
  });
});

describe("basic/index#composition-keyword-resource-use", () => {
  const nested = (depth: number) => {
    let schema: JSONObject = { type: "string" };
    for (let i = 0; i < depth; i += 1) schema = { not: schema };
    return schema;
  };

  it("applies a maximum schema depth", () => {
    expect(() => compile(nested(63))).not.toThrow();
    expect(() => compile(nested(64))).toThrow("nested too deeply");
    expect(() => compile(nested(100_000))).toThrow("nested too deeply");
    expect(() => createJSONSchemaValidator({ maxDepth: 2 })(nested(2))).toThrow("too deeply");
  });

  it("applies a cap on the number of subschemas", () => {
    const anyOf = Array.from({ length: 5000 }, () => ({ type: "string" }));
    expect(() => compile({ anyOf })).toThrow("too many subschemas");
    expect(() => createJSONSchemaValidator({ maxSubschemas: 3 })({ anyOf: [{}, {}] })).toThrow();
  });

  it("bounds what one validation does where branches multiply", () => {
    const branch = (kind: string) => ({
      type: "object",
      properties: { left: { $ref: "#" }, right: { $ref: "#" }, kind: { const: kind } },
      required: ["kind"],
    });
    const schema = { anyOf: [branch("and"), branch("or"), { type: "number" }] };
    let value: unknown = 1;
    for (let depth = 0; depth < 60; depth += 1) value = { kind: "and", left: value, right: 1 };
    const validate = createJSONSchemaValidator({ maxSteps: 100_000 })(schema);
    expect(validate(value)).toMatch(/too large or nested too deeply/);
    expect(validate({ kind: "or", left: { kind: "and", left: 1 } })).toBeUndefined();
  });

  it("bounds the comparisons of uniqueItems", () => {
    const validate = compile({ properties: { ids: { type: "array", uniqueItems: true } } });
    const ids = Array.from({ length: 500_000 }, (_, index) => index);
    expect(validate({ ids })).toMatch(/too large/);
    expect(validate({ ids: ids.slice(0, 1000) })).toBeUndefined();
    expect(validate({ ids: [...ids.slice(0, 1000), 0] })).toMatch(/Duplicate/);
  });

  it("answers with a few problems however many there are", () => {
    const list = { type: "array", items: { type: "array", items: { type: "string" } } };
    const problem = compile(list)([Array.from({ length: 200_000 }, () => 1)]);
    expect(problem).toMatch(/^0\.0: /);
    expect(problem?.length).toBeLessThan(500);
    const closed = compile({ properties: { a: { properties: {}, additionalProperties: false } } });
    const many = Object.fromEntries(Array.from({ length: 130_000 }, (_, i) => [`k${i}`, 1]));
    expect(closed({ a: many })?.length).toBeLessThan(500);
  });

  it("answers for values of any depth", () => {
    const validate = compile({ properties: { a: { $ref: "#" } } });
    const depth = 200_000;
    const value = JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
    expect(validate(value)).toMatch(/too large or nested too deeply/);
    expect(compile({})(value)).toBeUndefined();
  });

  it("a $ref that leads to itself is refused when it is applied, and does not hang", () => {
    expect(compile({ $ref: "#" })(1)).toMatch(/too large or nested too deeply/);
  });
});

describe("the words for a model", () => {
  const schema = {
    type: "object",
    properties: {
      city: { type: "string" },
      days: { type: "array", items: { type: "integer", minimum: 1 } },
      where: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
    },
    required: ["city"],
  };

  it.each([
    [{}, 'Instance does not have required property "city"'],
    [{ city: 1 }, 'city: Instance type "number" is invalid. Expected "string"'],
    [{ city: "", days: [1, 0] }, "days.1: 0 is less than 1"],
    [{ city: "", where: {} }, 'where: Instance does not have required property "lat"'],
    [[], 'Instance type "array" is invalid. Expected "object"'],
  ])("%j: %s", (value, problem) => {
    expect(compile(schema)(value)).toBe(problem);
  });

  it("list several problems at once, up to a bound", () => {
    const value = { city: 1, days: ["a"], where: {} };
    expect(compile(schema)(value)?.split("; ")).toHaveLength(3);
    const terse = createJSONSchemaValidator({ maxProblems: 1 });
    expect(terse(schema)(value)?.split("; ")).toHaveLength(1);
  });
});

it("leaves the schema it was given as it was", () => {
  const schema = Object.freeze({
    type: "object",
    properties: Object.freeze({ a: Object.freeze({}) }),
  });
  const before = JSON.stringify(schema);
  expect(compile(schema)({})).toBeUndefined();
  expect(Reflect.ownKeys(schema)).toEqual(["type", "properties"]);
  expect(JSON.stringify(schema)).toBe(before);
});
