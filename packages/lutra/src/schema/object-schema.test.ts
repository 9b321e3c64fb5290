import { type } from "arktype";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { JSONObject } from "../protocol/json.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";
import { asObjectSchema } from "./object-schema.ts";
import { compileInput } from "./schema.ts";
import type { Schema } from "./standard-schema.ts";

const objects = [{ type: "object", required: ["a"] }, { type: "object" }];

describe("asObjectSchema", () => {
  it.each<[string, JSONObject]>([
    ["oneOf", { oneOf: objects }],
    ["anyOf", { anyOf: objects }],
    ["a union in a union", { anyOf: [...objects, { oneOf: objects }] }],
    ["an intersection", { allOf: [{ required: ["a"] }, ...objects] }],
    ["a definition", { $ref: "#/$defs/a", $defs: { a: { type: "object" } } }],
    ["a union of definitions", { oneOf: [{ $ref: "#/$defs/a" }], $defs: { a: objects[0] } }],
  ])("adds the type to %s of objects", (_what, schema) => {
    expect(asObjectSchema(schema)).toEqual({ type: "object", ...schema });
  });

  it("returns a schema that has the type", () => {
    const schema = { type: "object", anyOf: [{ required: ["a"] }] };
    expect(asObjectSchema(schema)).toBe(schema);
  });

  it.each<[string, JSONObject]>([
    ["another type", { type: "string" }],
    ["two types", { type: ["object", "null"] }],
    ["no type", {}],
    ["properties without a type", { properties: {} }],
    ["a union with another type", { oneOf: [...objects, { type: "null" }] }],
    ["a type that contradicts its union", { type: "array", oneOf: objects }],
    ["an intersection without a type", { allOf: [{ required: ["a"] }] }],
    ["a reference to itself", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }],
    ["a reference that leads nowhere", { $ref: "#/$defs/b", $defs: {} }],
    ["a remote reference", { $ref: "https://example.com/a" }],
  ])("refuses %s", (_what, schema) => {
    expect(asObjectSchema(schema)).toBeUndefined();
  });

  it.each<[string, Schema]>([
    ["zod's union", z.union([z.object({ a: z.string() }), z.object({ b: z.number() })])],
    [
      "zod's discriminated union",
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("a") }),
        z.object({ kind: z.literal("b"), b: z.number() }),
      ]),
    ],
    ["zod's intersection", z.intersection(z.object({ a: z.string() }), z.object({}))],
    ["arktype's union", type({ a: "string" }).or({ b: "number" })],
  ])("accepts %s", (_what, schema) => {
    const { jsonSchema } = compileInput(schema, { validator: createJSONSchemaValidator() });
    expect(asObjectSchema(jsonSchema)).toMatchObject({ type: "object" });
  });
});
