import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeHeaderParams,
  headerParams,
  isHeaderParamName,
  requireHeaderParams,
} from "./header-params.ts";
import type { JSONObject } from "./json.ts";

const region = { type: "string", "x-mcp-header": "Region" };
const object = (properties: JSONObject): JSONObject => ({ type: "object", properties });

describe("basic/transports/streamable-http#schema-extension", () => {
  it("an annotated property is mirrored under its name", () => {
    const schema = object({ region, query: { type: "string" } });
    expect(headerParams(schema)).toEqual([
      { header: "Mcp-Param-Region", path: ["region"], type: "string" },
    ]);
  });

  it("nested object properties are permitted as long as every step is a properties key", () => {
    const schema = object({ where: object({ tenant: object({ region }) }) });
    expect(headerParams(schema)).toEqual([
      { header: "Mcp-Param-Region", path: ["where", "tenant", "region"], type: "string" },
    ]);
  });

  it.each([
    ["string", "string"],
    ["integer", "integer"],
    ["boolean", "boolean"],
    [["string", "null"], "string"],
    [["null", "integer"], "integer"],
  ])("parameters with primitive types may be annotated: %j", (type, expected) => {
    const [param] = headerParams(object({ a: { type, "x-mcp-header": "A" } }));
    expect(param?.type).toBe(expected);
  });

  it.each([["A"], ["x-y_z.1"], ["!#$%&'*+.^_`|~"], ["0"]])("%s is a field name", (name) => {
    const schema = object({ a: { type: "string", "x-mcp-header": name } });
    expect(headerParams(schema)[0]?.header).toBe(`Mcp-Param-${name}`);
  });

  it("keywords as names of properties are names", () => {
    const names = ["items", "const", "enum", "default", "examples", "$ref", "not", "properties"];
    const properties = names.map((name, i) => [name, { ...region, "x-mcp-header": `H${i}` }]);
    const found = headerParams(object(Object.fromEntries(properties)));
    expect(found.map(({ path }) => path)).toEqual(names.map((name) => [name]));
  });

  it("treats the values of const, enum, default and examples as data", () => {
    const data = { "x-mcp-header": "Data" };
    const field = { const: data, enum: [data], default: data, examples: [data] };
    expect(headerParams(object({ a: field }))).toEqual([]);
  });

  const annotated = (schema: JSONObject) => object({ a: { "x-mcp-header": "A", ...schema } });
  it.each<[string, JSONObject]>([
    ["MUST NOT be empty", annotated({ type: "string", "x-mcp-header": "" })],
    ["MUST be text", annotated({ type: "string", "x-mcp-header": 1 })],
    ["MUST be text, not null", annotated({ type: "string", "x-mcp-header": null })],
    ["MUST match token syntax: a blank", annotated({ type: "string", "x-mcp-header": "a b" })],
    ["MUST match token syntax: a colon", annotated({ type: "string", "x-mcp-header": "a:" })],
    ["MUST match token syntax: non-ASCII", annotated({ type: "string", "x-mcp-header": "é" })],
    ["MUST match token syntax: brackets", annotated({ type: "string", "x-mcp-header": "a[0]" })],
    ["MUST NOT contain CR or LF", annotated({ type: "string", "x-mcp-header": "a\r\nb" })],
    [
      "MUST NOT contain a line feed at its end",
      annotated({ type: "string", "x-mcp-header": "a\n" }),
    ],
    [
      "MUST be case-insensitively unique",
      object({ a: region, b: { ...region, "x-mcp-header": "REGION" } }),
    ],
    [
      "MUST be unique over all depths",
      object({ a: region, b: object({ c: { ...region, "x-mcp-header": "region" } }) }),
    ],
    ["type number is not permitted", annotated({ type: "number" })],
    ["type object is not permitted", annotated({ type: "object" })],
    ["type array is not permitted", annotated({ type: "array" })],
    ["type null is not permitted", annotated({ type: "null" })],
    ["a union of types is not permitted", annotated({ type: ["string", "integer"] })],
    ["a missing type is not permitted", annotated({})],
    [
      "a type behind $ref is not permitted",
      { ...annotated({ $ref: "#/$defs/a" }), $defs: { a: {} } },
    ],
    ["the root is not a property", { ...object({}), "x-mcp-header": "Root" }],
    ["not through items", object({ a: { type: "array", items: region } })],
    ["not through prefixItems", object({ a: { type: "array", prefixItems: [region] } })],
    ["not through contains", object({ a: { type: "array", contains: region } })],
    ["not through items, with properties below", object({ a: { items: object({ region }) } })],
    ["not through oneOf", { type: "object", oneOf: [object({ region })] }],
    ["not through anyOf", { type: "object", anyOf: [object({ region })] }],
    ["not through allOf", { type: "object", allOf: [object({ region })] }],
    ["not through not", { type: "object", not: object({ region }) }],
    ["not through if", { type: "object", if: object({ region }) }],
    [
      "not through then",
      JSON.parse('{"type":"object","then":{"properties":{"a":{"x-mcp-header":"A"}}}}'),
    ],
    ["not through else", { type: "object", else: object({ region }) }],
    ["not through $ref", { ...object({ a: { $ref: "#/$defs/r" } }), $defs: { r: region } }],
    ["not through definitions", { ...object({}), definitions: { region } }],
    ["not through patternProperties", { type: "object", patternProperties: { "^a": region } }],
    ["not through additionalProperties", { type: "object", additionalProperties: region }],
    [
      "not through dependentSchemas",
      { type: "object", dependentSchemas: { a: object({ region }) } },
    ],
    ["not through an unknown keyword", { type: "object", whatever: { region } }],
  ])("an annotation that violates a constraint is refused: %s", (_what, schema) => {
    expect(() => headerParams(schema)).toThrow(TypeError);
    expect(() => headerParams(schema)).toThrow(/^x-mcp-header/);
  });

  it("a schema of any depth is decided, not run out of stack", () => {
    let schema: JSONObject = region;
    for (let depth = 0; depth < 100_000; depth += 1) schema = object({ a: schema });
    expect(() => headerParams(schema)).toThrow(TypeError);
  });
});

const params = headerParams(
  object({
    region,
    count: { type: "integer", "x-mcp-header": "Count" },
    force: { type: "boolean", "x-mcp-header": "Force" },
    where: object({ tenant: { type: "string", "x-mcp-header": "Tenant" } }),
  }),
);

describe("basic/transports/streamable-http#client-behavior", () => {
  it.each<[string, JSONObject, JSONObject]>([
    ["strings as they are", { region: "us-west1" }, { "Mcp-Param-Region": "us-west1" }],
    ["text beyond ASCII in Base64", { region: "é" }, { "Mcp-Param-Region": "=?base64?w6k=?=" }],
    ["integers in decimal", { count: -7 }, { "Mcp-Param-Count": "-7" }],
    ["zero", { count: 0 }, { "Mcp-Param-Count": "0" }],
    ["booleans in lower case", { force: false }, { "Mcp-Param-Force": "false" }],
    ["the empty string", { region: "" }, { "Mcp-Param-Region": "" }],
    ["nested values", { where: { tenant: "a" } }, { "Mcp-Param-Tenant": "a" }],
    ["null has none", { region: null, where: null }, {}],
    ["absent has none", { where: {} }, {}],
    ["a path through something else has none", { where: "tenant" }, {}],
    ["a path through an array has none", { where: [{ tenant: "a" }] }, {}],
    ["inherited members are absent", Object.create({ region: "a" }), {}],
  ])("values are converted to text: %s", (_what, args, headers) => {
    expect(encodeHeaderParams(params, args)).toEqual(headers);
  });

  it.each([[2 ** 53], [-(2 ** 53)], [1e300]])(
    "integer values MUST be within the safe range: %d",
    (count) => {
      expect(() => encodeHeaderParams(params, { count })).toThrow(TypeError);
    },
  );
});

describe("basic/transports/streamable-http#server-behavior-for-custom-headers", () => {
  it.each<[string, JSONObject, Record<string, string>]>([
    ["equal", { region: "us-west1" }, { "mcp-param-region": "us-west1" }],
    ["equal after decoding", { region: " é" }, { "mcp-param-region": "=?base64?IMOp?=" }],
    ["null expects no header", { region: null }, {}],
    ["absent expects no header", {}, {}],
    ["42.0 and 42 are considered equal", { count: 42 }, { "mcp-param-count": "42.0" }],
    ["42 is equal to a body of 42.0", JSON.parse('{"count":42.0}'), { "mcp-param-count": "42" }],
    ["a negative integer", { count: -7 }, { "mcp-param-count": "-7.00" }],
    [
      "the largest safe integer",
      { count: Number.MAX_SAFE_INTEGER },
      { "mcp-param-count": "9007199254740991" },
    ],
    ["a boolean", { force: true }, { "mcp-param-force": "true" }],
    ["an unknown header is ignored", {}, { "mcp-param-other": "x" }],
    ["a fraction, which the schema refuses", { count: 1.5 }, { "mcp-param-count": "1.5" }],
    ["a list, which the schema refuses", { region: ["eu"] }, { "mcp-param-region": "eu" }],
  ])("accepts: %s", (_what, args, headers) => {
    expect(() => requireHeaderParams(params, args, (name) => headers[name])).not.toThrow();
  });

  it.each<[string, JSONObject, Record<string, string>]>([
    ["another value", { region: "us-west1" }, { "mcp-param-region": "eu" }],
    ["another case", { region: "eu" }, { "mcp-param-region": "EU" }],
    ["the header is omitted but the value is in the body", { region: "eu" }, {}],
    ["the value is null but a header came", { region: null }, { "mcp-param-region": "null" }],
    ["the value is absent but a header came", {}, { "mcp-param-region": "eu" }],
    ["the value is absent but an empty header came", {}, { "mcp-param-region": "" }],
    ["invalid characters", { region: "é" }, { "mcp-param-region": "é" }],
    ["bad Base64", { region: "a" }, { "mcp-param-region": "=?base64?a?=" }],
    ["text for an integer", { count: 42 }, { "mcp-param-count": "forty-two" }],
    ["a fraction for an integer", { count: 42 }, { "mcp-param-count": "42.5" }],
    ["hexadecimal", { count: 42 }, { "mcp-param-count": "0x2a" }],
    ["an exponent", { count: 100 }, { "mcp-param-count": "1e2" }],
    ["nothing for zero", { count: 0 }, { "mcp-param-count": "" }],
    ["beyond the safe range", { count: 2 ** 53 }, { "mcp-param-count": "9007199254740992" }],
    [
      "an integer that only rounding makes equal",
      { count: Number.MAX_SAFE_INTEGER },
      { "mcp-param-count": "9007199254740991.00000000000000000001" },
    ],
    ["another boolean", { force: true }, { "mcp-param-force": "false" }],
    ["a boolean in upper case", { force: true }, { "mcp-param-force": "True" }],
    ["a nested value", { where: { tenant: "a" } }, { "mcp-param-tenant": "b" }],
  ])("servers MUST reject with -32020: %s", (_what, args, headers) => {
    expect(() => requireHeaderParams(params, args, (name) => headers[name])).toThrow(
      expect.objectContaining({ code: -32020, status: 400 }),
    );
  });

  it("accepts whatever the client encodes", () => {
    const args = fc.record(
      {
        region: fc.option(fc.string({ unit: "grapheme" })),
        count: fc.maxSafeInteger(),
        force: fc.boolean(),
        where: fc.record({ tenant: fc.string() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(args, (value) => {
        const entries = Object.entries(encodeHeaderParams(params, value));
        const headers = new Map(entries.map(([name, text]) => [name.toLowerCase(), text]));
        const read = (name: string) => headers.get(name);
        expect(() => requireHeaderParams(params, value, read)).not.toThrow();
      }),
    );
  });

  it("the names of these headers are recognised in any case", () => {
    expect(isHeaderParamName("MCP-PARAM-Region")).toBe(true);
    expect(isHeaderParamName("Mcp-Name")).toBe(false);
  });
});
