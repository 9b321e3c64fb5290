import { describe, expect, it } from "vitest";
import type { RequestedSchema } from "../protocol/elicitation.ts";
import { compileForm } from "./forms.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";

const validator = createJSONSchemaValidator();

function problemWith(format: string, text: unknown): string | undefined {
  const schema = { type: "object", properties: { a: { type: "string", format } } };
  return compileForm(schema as RequestedSchema, validator)({ a: text });
}

describe("client/elicitation#requested-schema: a form asserts its formats", () => {
  it.each([
    ["email", "ada@example.com"],
    ["email", "ada@localhost"],
    ["email", "o'neil+tag@mail.example.com"],
    ["uri", "https://example.com/a?b=c#d"],
    ["uri", "urn:isbn:0451450523"],
    ["date", "2028-02-29"],
    ["date-time", "2026-07-28T23:59:60Z"],
    ["date-time", "2026-07-28t00:00:00.123+05:30"],
    ["other", "anything"],
    ["toString", "anything"],
  ])("%s accepts %s", (format, text) => {
    expect(problemWith(format, text)).toBeUndefined();
  });

  it.each([
    ["email", "ada"],
    ["email", "@example.com"],
    ["email", "ada@"],
    ["email", "ada@example..com"],
    ["email", "a b@example.com"],
    ["uri", "/relative"],
    ["uri", "https://exa mple.com/"],
    ["uri", "https://"],
    ["date", "2026-02-29"],
    ["date", "2026-13-01"],
    ["date", "2026-01-00"],
    ["date", "28.07.2026"],
    ["date-time", "2026-07-28"],
    ["date-time", "2026-07-28T24:00:00Z"],
    ["date-time", "2026-07-28T00:00:00"],
  ])("%s refuses %s and says where", (format, text) => {
    expect(problemWith(format, text)).toBe(`a: expected the format ${format}`);
  });

  it("leaves values of other types to the schema", () => {
    expect(problemWith("email", 1)).toBe("a: expected string, got number");
    expect(problemWith("email", undefined)).toBeUndefined();
  });
});
