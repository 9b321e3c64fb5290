import { afterEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { defaultMaxValues } from "../protocol/json-text.ts";
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
    ["required, for an empty name", { required: [""] }, { "": 1 }, { a: 1 }],
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
      "$dynamicRef",
      {
        $id: "https://example.com/strict",
        $dynamicAnchor: "node",
        $ref: "tree",
        unevaluatedProperties: false,
        $defs: {
          tree: {
            $id: "tree",
            $dynamicAnchor: "node",
            properties: { v: true, next: { $dynamicRef: "#node" } },
          },
        },
      },
      { v: 1, next: { v: 1 } },
      { v: 1, next: { w: 1 } },
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
    ["an $id with a fragment", { $id: "https://example.com/a#b" }],
    ["a list of items", { items: [{}] }],
    ["a title that is a number", { title: 5 }],
    ["a description that is a list", { description: [] }],
    ["a comment that is a number", { $comment: 1 }],
    ["a format that is a number", { format: 5 }],
    ["a content encoding that is a number", { contentEncoding: 1 }],
    ["readOnly that is text", { readOnly: "yes" }],
    ["deprecated that is text", { deprecated: "yes" }],
    ["examples that are an object", { examples: {} }],
    ["a dependency that is a number", { dependentRequired: { a: 5 } }],
    ["a name that is required twice", { required: ["a", "a"] }],
    ["a type that is listed twice", { type: ["null", "null"] }],
    ["an anchor that is not a name", { $anchor: "1 x" }],
    ["a dynamic anchor that is not a name", { $dynamicAnchor: "#a" }],
    ["a vocabulary that is a list", { $vocabulary: [] }],
    ["a pattern with a back-reference", { pattern: "(a)\\1" }],
  ])("%s", (_what, schema) => {
    expect(() => compile(schema)).toThrow(TypeError);
  });

  it.each<[string, JSONObject]>([
    ["a list of items", { items: [{}, {}], additionalItems: false }],
    ["an identifier that is a fragment", { $id: "#a" }],
    ["keywords of later dialects", { unevaluatedProperties: 1, $anchor: 1, prefixItems: 1 }],
  ])("draft-07 allows %s", (_what, schema) => {
    const $schema = "http://json-schema.org/draft-07/schema#";
    expect(() => compile({ $schema, ...schema })).not.toThrow();
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
      examples: [{ $ref: "#x" }],
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

  it("is not misled by members that only look like identifiers", () => {
    const schema = { $ref: "https://example.com/x", __absolute_ref__: "#", $defs: {} };
    expect(() => compile(schema)).toThrow("$ref https://example.com/x is not in this schema");
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

  it("applies a cap on the number of constants", () => {
    const numbers = Array.from({ length: 200_000 }, (_, index) => index);
    expect(() => compile({ enum: numbers })).toThrow("too many constants");
    expect(validates({ enum: numbers.slice(0, 50_000) }, 49_999)).toBe(true);
  });

  it("refuses a remote reference whatever stands beside it", () => {
    const schema = { $ref: "https://example.com/a", __absolute_ref__: "#", $defs: {} };
    expect(() => compile(schema)).toThrow("$ref https://example.com/a is not in this schema");
  });

  it("applies a cap on the size of all patterns", () => {
    const patternProperties = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`^\\p{L}[\\p{N}${index}]`, true]),
    );
    expect(() => compile({ patternProperties })).toThrow(
      "the patterns of the schema are too large",
    );
  });

  const tooLarge = "too large to be validated in 100000 steps (maxSteps)";
  const bounded = createJSONSchemaValidator({ maxSteps: 100_000 });
  const branch = (kind: string) => ({
    type: "object",
    properties: { left: { $ref: "#" }, right: { $ref: "#" }, kind: { const: kind } },
    required: ["kind"],
  });
  const numbers = Array.from({ length: 200_000 }, (_, index) => index);
  const keys = Object.fromEntries(numbers.map((number) => [`k${number}`, number]));
  const lists = (depth: number): unknown => (depth === 0 ? 1 : [lists(depth - 1)]);
  const doubling = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => {
      const $ref = `#/$defs/d${index + 1}`;
      return [`d${index}`, { allOf: [{ $ref }, { $ref }] }];
    }),
  );

  it.each<[string, JSONObject, unknown]>([
    ["items", { items: { type: "number" } }, numbers],
    ["items that match no alternative but the last", { items: { anyOf: [false, {}] } }, numbers],
    ["items in contains", { contains: false }, numbers],
    ["unique items", { uniqueItems: true }, numbers],
    ["members", { additionalProperties: { type: "number" } }, keys],
    ["members without evaluation", { unevaluatedProperties: true }, keys],
    ["names", { propertyNames: { minLength: 1 } }, keys],
    ["names that match a pattern", { patternProperties: { "^k": {} } }, keys],
    ["members that are counted", { maxProperties: 1e9 }, keys],
    ["members of what may be a constant", { const: { a: 1 } }, keys],
    ["alternatives that refer to themselves", { anyOf: [branch("a"), branch("b")] }, ["or", 60]],
    ["references that multiply", { $defs: { ...doubling, d30: {} }, $ref: "#/$defs/d0" }, 1],
    [
      "dynamic references that multiply",
      {
        $dynamicAnchor: "a",
        allOf: [{ items: { $dynamicRef: "#a" } }, { items: { $dynamicRef: "#a" } }],
      },
      lists(30),
    ],
    [
      "recursive references that multiply",
      {
        $schema: "https://json-schema.org/draft/2019-09/schema",
        allOf: [{ items: { $recursiveRef: "#" } }, { items: { $recursiveRef: "#" } }],
      },
      lists(30),
    ],
    ["characters of a pattern", { pattern: "^(a+)+$" }, `${"a".repeat(200_000)}!`],
    ["characters", { minLength: 900_000 }, "🦦".repeat(600_000)],
  ])("bounds the steps of a validation: %s", (_what, schema, given) => {
    const [kind, depth] = Array.isArray(given) && given[0] === "or" ? given : [];
    let value: unknown = kind === undefined ? given : 1;
    for (let left = depth ?? 0; left > 0; left -= 1) value = { kind: "b", left: value };
    expect(bounded(schema)(value)).toBe(tooLarge);
  });

  it("finds the first problems of a value in few steps", () => {
    const list = { items: { type: "array", items: { type: "string" } } };
    const problem = bounded(list)([Array.from({ length: 200_000 }, () => 1)]);
    expect(problem).toBe(
      [0, 1, 2].map((index) => `0.${index}: expected string, got number`).join("; "),
    );
  });

  it("answers with a short text, whatever the length of names and constants", () => {
    const long = "x".repeat(30_000);
    const nested = { properties: { a: { $ref: "#" }, b: { const: long }, c: { pattern: long } } };
    let value: unknown = { b: 1, c: "" };
    for (let depth = 0; depth < 500; depth += 1) value = { a: value };
    expect(compile(nested)(value)?.length).toBeLessThan(1000);
    expect(compile({ required: [long] })({})?.length).toBeLessThan(1000);
    const closed = compile({ additionalProperties: { additionalProperties: false } });
    expect(closed({ [long]: { [long]: 1 } })?.length).toBeLessThan(1000);
  });

  it("answers for values of any depth", () => {
    const validate = compile({ properties: { a: { $ref: "#" } } });
    const depth = 200_000;
    const value = JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
    expect(validate(value)).toBe("nested too deeply to be validated");
    expect(compile({})(value)).toBeUndefined();
  });

  it("a $ref that leads to itself is refused when it is applied, and does not hang", () => {
    expect(compile({ $ref: "#" })(1)).toMatch(/too large|nested too deeply/);
  });

  it("accepts plain values of the size of the largest message by default", () => {
    const row = { properties: { a: { type: "number" }, b: { type: "string" } }, required: ["a"] };
    const rows = Array.from({ length: defaultMaxValues / 5 }, () => ({ a: 1, b: "x" }));
    const choice = { anyOf: [{ type: "string" }, { type: "array" }, row] };
    expect(compile({ items: { ...row, additionalProperties: false } })(rows)).toBeUndefined();
    expect(compile({ items: choice })(rows)).toBeUndefined();
    const many = Array.from({ length: defaultMaxValues }, () => 1);
    expect(compile({ items: { type: "number" } })(many)).toBeUndefined();
    expect(compile({ maxLength: 5_000_000 })("a".repeat(4 * 1024 * 1024))).toBeUndefined();
  });
});

describe("the words for a model", () => {
  const schema = {
    type: "object",
    properties: {
      city: { type: "string" },
      days: { type: "array", items: { type: "integer", minimum: 1 }, uniqueItems: true },
      kind: { enum: ["city", "river"] },
      shape: {
        anyOf: [{ type: "string" }, { type: "object", properties: { x: { type: "number" } } }],
      },
      closed: { additionalProperties: false },
      where: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
    },
    required: ["city"],
  };

  it.each([
    [{}, 'expected the property "city"'],
    [{ city: 1 }, "city: expected string, got number"],
    [{ city: "", days: [1, 0] }, "days.1: expected at least 1"],
    [{ city: "", where: {} }, 'where: expected the property "lat"'],
    [[], "expected object, got array"],
    [{ city: "", kind: "lake" }, 'kind: expected one of "city", "river"'],
    [{ city: "", shape: 1 }, "shape: expected string, got number or expected object, got number"],
    [{ city: "", shape: { x: "" } }, "shape.x: expected number, got string"],
    [{ city: "", closed: { a: 1 } }, "closed.a: not allowed"],
    [{ city: "", days: [1, 1] }, "days: expected items that differ from each other"],
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

describe("format", () => {
  it("is an annotation", () => {
    for (const format of ["email", "uri", "date", "url", "regex", "no-such-format"]) {
      expect(validates({ format }, "x")).toBe(true);
    }
  });

  it("is asserted with a test of its name, for strings", () => {
    const formats = { even: (text: string) => text.length % 2 === 0 };
    const validate = createJSONSchemaValidator({ formats })({ format: "even" });
    expect(validate("ab")).toBeUndefined();
    expect(validate("a")).toBe("expected the format even");
    expect(validate(1)).toBeUndefined();
    expect(createJSONSchemaValidator({ formats })({ format: "toString" })("a")).toBeUndefined();
  });
});

describe("equality", () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [[1, 2], [2, 1], false],
    [1, "1", false],
    [0, -0, true],
    [1, true, false],
    [{}, [], false],
    [null, "null", false],
    [JSON.parse('{"__proto__":1}'), {}, false],
    [["a,b"], ["a", "b"], false],
  ])("%j and %j: %s", (one, other, areEqual) => {
    expect(validates({ const: one }, other)).toBe(areEqual);
    expect(validates({ enum: ["x", one] }, other)).toBe(areEqual);
    expect(validates({ uniqueItems: true }, [one, other])).toBe(!areEqual);
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
