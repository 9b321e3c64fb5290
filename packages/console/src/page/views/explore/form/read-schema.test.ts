/** The fields for JSON Schemas. */
import { describe, expect, it } from "vitest";
import { initialValue } from "./initial-value.ts";
import { fieldOf } from "./read-schema.ts";

const root = {
  $defs: {
    Size: { type: "integer", minimum: 1 },
    Loop: { $ref: "#/$defs/Loop" },
    "a/b": { type: "boolean" },
    Node: {
      type: "object",
      properties: { next: { $ref: "#/$defs/Node" }, name: { type: "string", default: "n" } },
      required: ["next"],
    },
  },
};

describe("the field for a schema", () => {
  it.each([
    [{ type: "string" }, { kind: "string", isLong: true }],
    [
      { type: "string", maxLength: 20 },
      { kind: "string", isLong: false },
    ],
    [
      { type: "string", format: "date" },
      { kind: "string", isLong: false, format: "date" },
    ],
    [{ type: "number" }, { kind: "number", isInteger: false }],
    [{ type: "integer" }, { kind: "number", isInteger: true }],
    [{ type: ["boolean", "null"] }, { kind: "boolean", isNullable: true }],
    [{ enum: ["a", 1] }, { kind: "choice", choices: [{ label: "a" }, { value: 1, label: "1" }] }],
    [{ const: null }, { kind: "choice", choices: [{ value: null, label: "null" }] }],
    [
      { type: "string", enum: ["a"], enumNames: ["Alpha"] },
      { kind: "choice", choices: [{ value: "a", label: "Alpha" }] },
    ],
    [
      { oneOf: [{ const: "a", title: "Alpha" }, { const: "b" }] },
      { kind: "choice", choices: [{ value: "a", label: "Alpha" }, { label: "b" }] },
    ],
    [
      { type: "array", items: { enum: ["a", "b"] } },
      { kind: "choices", choices: [{ value: "a" }, { value: "b" }] },
    ],
    [
      { type: "array", items: { type: "string" } },
      { kind: "list", item: { type: "string" } },
    ],
    [
      { properties: { a: {} }, required: ["a"] },
      { kind: "object", members: [{ name: "a", isRequired: true }] },
    ],
    [{ anyOf: [{ type: "integer" }, { type: "null" }] }, { kind: "number", isInteger: true }],
    [
      { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] },
      { kind: "variants", isNullable: true, variants: [{ label: "string" }, { label: "number" }] },
    ],
    [
      { oneOf: [{ title: "By card" }, { properties: { type: { const: "bill" } } }, {}] },
      {
        kind: "variants",
        variants: [{ label: "By card" }, { label: "bill" }, { label: "variant 3" }],
      },
    ],
    [{ $ref: "#/$defs/Size" }, { kind: "number", hints: ["at least 1"] }],
    [
      { $ref: "#/$defs/a~1b", description: "d" },
      { kind: "boolean", description: "d" },
    ],
  ])("%j is %j", (schema, field) => {
    expect(fieldOf(schema, root)).toMatchObject(field);
  });

  it.each([
    [{}],
    [true],
    [undefined],
    [{ type: "object" }],
    [{ type: ["string", "number"] }],
    [{ type: "array", prefixItems: [{}] }],
    [{ $ref: "#/$defs/Loop" }],
    [{ $ref: "#/$defs/missing" }],
    [{ $ref: "https://example.com/schema" }],
  ])("%j is edited as JSON", (schema) => {
    expect(fieldOf(schema, root)).toMatchObject({ kind: "json" });
  });

  it("says restrictions in words", () => {
    const schema = { type: "string", minLength: 2, maxLength: 2, "x-mcp-header": "Country" };
    expect(fieldOf(schema, root).hints).toEqual([
      "exactly 2 characters",
      "also sent as the header Mcp-Param-Country",
    ]);
  });
});

describe("the value with which a form begins", () => {
  it("has defaults and required objects, and no optional ones", () => {
    const schema = {
      type: "object",
      properties: {
        a: { type: "string", default: "x" },
        b: { type: "string" },
        c: { type: "object", properties: { d: { type: "integer", default: 1 } } },
        e: { type: "object", properties: { f: { default: 2 } } },
      },
      required: ["c"],
    };
    expect(initialValue(schema, schema)).toEqual({ a: "x", c: { d: 1 } });
  });

  it("has the constants of a variant", () => {
    const variant = {
      properties: { type: { const: "bill" }, note: { const: "x" }, days: { type: "integer" } },
      required: ["type", "days"],
    };
    expect(initialValue(variant, variant)).toEqual({ type: "bill" });
  });

  it("ends for a schema that contains itself", () => {
    const value = JSON.stringify(initialValue({ $ref: "#/$defs/Node" }, root));
    expect(value.length).toBeLessThan(1000);
  });
});
