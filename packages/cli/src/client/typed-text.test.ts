import { describe, expect, it } from "vitest";
import { convertText, resolved, typesOf } from "./typed-text.ts";

const convert = (text: string, schema: Record<string, unknown>) =>
  convertText(text, typesOf(schema, schema));

describe("the text of an argument", () => {
  it.each([
    ["1", { type: "number" }, 1],
    ["-2.5e3", { type: "number" }, -2500],
    ["7", { type: "string" }, "7"],
    ["true", { type: "string" }, "true"],
    ["true", { type: "boolean" }, true],
    ["null", { type: ["string", "null"] }, null],
    ["none", { type: ["string", "null"] }, "none"],
    ['{"a":1}', { type: "object" }, { a: 1 }],
    ['"x"', { type: "string" }, '"x"'],
    ["2", { enum: [1, 2] }, 2],
    ["b", { enum: ["a", "b"] }, "b"],
    ["5", { anyOf: [{ type: "integer" }, { type: "string" }] }, 5],
    ["x5", { anyOf: [{ type: "integer" }, { type: "string" }] }, "x5"],
    ["[1]", {}, [1]],
    ["word", {}, "word"],
  ])("%s is converted by the schema %j", (text, schema, value) => {
    expect(convert(text, schema)).toEqual({ value });
  });

  it.each([
    ["x", { type: "number" }, "a number"],
    ["1.5", { type: "integer" }, "an integer"],
    ["yes", { type: "boolean" }, "true or false"],
    ["[1]", { type: "object" }, "a JSON object"],
    ["x", { anyOf: [{ type: "null" }, { type: "number" }] }, "null or a number"],
  ])("%s is refused by the schema %j", (text, schema, expected) => {
    expect(convert(text, schema)).toEqual({ expected });
  });
});

it("a reference is resolved, and a circle of references ends", () => {
  const root = {
    $defs: { day: { type: "integer" }, a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } },
  };
  expect(resolved({ $ref: "#/$defs/day" }, root)).toEqual({ type: "integer" });
  expect(resolved({ $ref: "#/$defs/a" }, root)).toHaveProperty("$ref");
  expect(typesOf({ anyOf: [{ $ref: "#/$defs/a" }] }, root)).toEqual([]);
});
