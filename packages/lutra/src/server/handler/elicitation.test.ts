import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import type { JSONObject } from "../../protocol/json.ts";
import type { Schema } from "../../schema/standard-schema.ts";
import { elicitParams } from "./elicitation.ts";
import { checkedRequest } from "./input-kinds.ts";

const formOf = (requestedSchema: Schema) =>
  elicitParams({ message: "?", requestedSchema }) as unknown as { requestedSchema: JSONObject };
const fieldOf = (field: JSONObject) =>
  (formOf({ type: "object", properties: { a: field } }).requestedSchema.properties as JSONObject).a;

const colors = ["Red", "Green"];
const titled = [
  { const: "#FF0000", title: "Red" },
  { const: "#00FF00", title: "Green" },
];

describe("client/elicitation#requested-schema", () => {
  const about = { title: "Display Name", description: "Description text" };
  it.each<[string, JSONObject]>([
    ["a string", { type: "string", ...about, minLength: 3, maxLength: 50, default: "x" }],
    ["an e-mail address", { type: "string", format: "email" }],
    ["a URI", { type: "string", format: "uri" }],
    ["a date", { type: "string", format: "date" }],
    ["a time", { type: "string", format: "date-time" }],
    ["a number", { type: "number", ...about, minimum: 0, maximum: 100, default: 50 }],
    ["an integer", { type: "integer", minimum: 1 }],
    ["a boolean", { type: "boolean", ...about, default: false }],
    ["one of several", { type: "string", ...about, enum: colors, default: "Red" }],
    ["one of several, with titles", { type: "string", oneOf: titled, default: "#FF0000" }],
    [
      "one of several, with names of an earlier revision",
      { type: "string", enum: ["r"], enumNames: ["Red"] },
    ],
    [
      "some of several",
      {
        type: "array",
        minItems: 1,
        maxItems: 2,
        items: { type: "string", enum: colors },
        default: colors,
      },
    ],
    [
      "some of several, with titles",
      { type: "array", items: { anyOf: titled }, default: ["#FF0000"] },
    ],
  ])("the restricted subset is sent as it is: %s", (_what, field) => {
    expect(fieldOf(field)).toEqual(field);
  });

  it("completes the titles of choices", () => {
    const items = { anyOf: [{ const: "a", type: "string" }] };
    expect(fieldOf({ type: "array", items })).toEqual({
      type: "array",
      items: { anyOf: [{ const: "a", title: "a" }] },
    });
  });

  it.each<[JSONObject, string]>([
    [{ type: "string", default: 1 }, "requestedSchema.a.default: expected a string"],
    [{ type: "integer", default: "1" }, "requestedSchema.a.default: expected a number"],
    [{ type: "boolean", default: {} }, "requestedSchema.a.default: expected a boolean"],
    [
      { type: "array", items: { type: "string", enum: ["x"] }, default: [1] },
      "requestedSchema.a.default: expected a list of strings",
    ],
    [{ type: "array", items: { type: "string", enum: [1] } }, "requestedSchema.a.items: expected"],
    [{ type: "array", items: { anyOf: [{ const: 1 }] } }, "requestedSchema.a.items: expected"],
  ])("refuses a field whose values have another type: %j", (field, message) => {
    expect(() => fieldOf(field)).toThrow(message);
  });

  it.each<[string, JSONObject, JSONObject]>([
    ["a pattern", { type: "string", pattern: "^a" }, { type: "string" }],
    ["a format that forms do not know", { type: "string", format: "uuid" }, { type: "string" }],
    ["exclusive bounds", { type: "number", exclusiveMinimum: 0 }, { type: "number" }],
    [
      "the bounds of safe integers",
      { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      { type: "integer" },
    ],
    [
      "a constant becomes a choice of one",
      { type: "string", const: "yes" },
      { type: "string", enum: ["yes"] },
    ],
  ])("what forms cannot show is left to the check of the answer: %s", (_what, field, sent) => {
    expect(fieldOf(field)).toEqual(sent);
  });

  it.each<[string, JSONObject]>([
    ["an object", { type: "object", properties: {} }],
    ["a list of anything", { type: "array" }],
    ["a list of numbers", { type: "array", items: { type: "number" } }],
    ["a list of objects", { type: "array", items: { type: "object" } }],
    ["a list of free text", { type: "array", items: { type: "string" } }],
    ["a list of lists", { type: "array", items: { type: "array", items: { enum: ["a"] } } }],
    ["null", { type: "null" }],
    ["two types", { type: ["string", "null"] }],
    ["a list of one type", { type: ["string"] }],
    ["an object in place of a type", { type: { toString: "string" } }],
    ["no type", {}],
    ["a reference", { $ref: "#/$defs/a" }],
    ["a composition", { anyOf: [{ type: "string" }, { type: "number" }] }],
  ])("flat objects with primitive properties only: %s is a TypeError", (_what, field) => {
    expect(() => fieldOf(field)).toThrow(TypeError);
    expect(() => fieldOf(field)).toThrow(/^requestedSchema\.a/);
  });

  it.each<[string, Schema]>([
    ["a list", { type: "array" }],
    ["an object without properties", { type: "object" }],
    ["text", { type: "string" }],
    ["a library's text", z.string()],
    ["undefined, as under a misspelt option", undefined as never],
  ])("the form itself is an object with properties: %s is a TypeError", (_what, schema) => {
    expect(() => formOf(schema)).toThrow(TypeError);
    expect(() => formOf(schema)).toThrow(/^requestedSchema: expected /);
  });

  it.each<[string, unknown, string]>([
    ["zod/mini", mini.object({}), "requestedSchema: this schema of zod offers no JSON Schema; use"],
    ["an object of schemas", { a: z.string() }, "requestedSchema: expected one schema, got"],
    ["a date", z.object({ at: z.date() }), "requestedSchema.at: Date cannot be represented"],
  ])("says what to write in place of %s", (_what, schema, message) => {
    expect(() => formOf(schema as Schema)).toThrow(message);
  });

  it.each<[string, Schema]>([
    [
      "zod",
      z.object({
        name: z.string().min(1),
        age: z.int().min(18).optional(),
        color: z.enum(["Red", "Green"]),
      }),
    ],
    [
      "valibot",
      toStandardJsonSchema(
        v.object({
          name: v.pipe(v.string(), v.minLength(1)),
          age: v.optional(v.pipe(v.number(), v.integer(), v.minValue(18))),
          color: v.picklist(["Red", "Green"]),
        }),
      ),
    ],
    [
      "JSON Schema",
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: {
          name: { type: "string", minLength: 1 },
          age: { type: "integer", minimum: 18 },
          color: { type: "string", enum: ["Red", "Green"] },
        },
        required: ["name", "color"],
        additionalProperties: false,
      },
    ],
  ])("is the same from %s", (_name, schema) => {
    expect(formOf(schema).requestedSchema).toEqual({
      type: "object",
      properties: {
        name: { type: "string", minLength: 1 },
        age: { type: "integer", minimum: 18 },
        color: { type: "string", enum: ["Red", "Green"] },
      },
      required: ["name", "color"],
    });
  });

  it("arktype's are forms, too", () => {
    const { requestedSchema } = formOf(type({ name: "string > 0", "sure?": "boolean" }));
    expect(requestedSchema).toEqual({
      type: "object",
      properties: { name: { type: "string", minLength: 1 }, sure: { type: "boolean" } },
      required: ["name"],
    });
  });
});

describe("client/elicitation#url-mode-elicitation-requests", () => {
  it.each(["https://mcp.example.com/ui/set_api_key", "http://localhost:3000/x", "myapp://connect"])(
    "the url parameter MUST contain a valid URL: %s",
    (url) => {
      const params = { mode: "url", message: "?", url } as const;
      expect(elicitParams(params)).toEqual(params);
    },
  );

  it.each([
    ...["", "example.com", "/relative", "https://", "not a url", "https://a.example/b c"],
    ...["https://good.example\n.evil.example/", "https://good.example\t.evil.example/"],
    ...[
      "https://good.example\\@evil.example/",
      "https://a.example/\u202e",
      "https://a\u200b.example",
    ],
  ])("%j is none", (url) => {
    expect(() => elicitParams({ mode: "url", message: "?", url })).toThrow(TypeError);
  });
});

describe("requests in explicit form", () => {
  it("are checked like those of context.elicit", () => {
    const params = { message: "?", requestedSchema: { type: "object", properties: {} } } as const;
    expect(checkedRequest({ method: "elicitation/create", params })).toEqual({
      method: "elicitation/create",
      params: { mode: "form", ...params },
    });
    const bad = { mode: "url", message: "?", url: "x" } as const;
    expect(() => checkedRequest({ method: "elicitation/create", params: bad })).toThrow(TypeError);
    const roots = { method: "roots/list" } as const;
    expect(checkedRequest(roots)).toBe(roots);
  });
});
