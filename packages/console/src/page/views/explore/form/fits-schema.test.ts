import { describe, expect, it } from "vitest";
import { fitsSchema } from "./fits-schema.ts";

const bill = { properties: { type: { const: "bill" }, days: { type: "integer" } } };

describe("a value", () => {
  it.each([
    [{ type: "bill" }, bill, true],
    [{ type: "bill", days: 3 }, bill, true],
    [{ type: "card" }, bill, false],
    [{}, bill, false],
    ["bill", bill, false],
    [null, bill, false],
    ["x", { type: "string" }, true],
    [1, { type: "string" }, false],
    [[], { type: "array", items: { type: "string" } }, true],
    [{}, { type: "array", items: { type: "string" } }, false],
    ["a", { const: "a" }, true],
    ["b", { const: "a" }, false],
    [{ any: 1 }, {}, true],
  ])("%j and the schema %j: %s", (value, schema, isFitting) => {
    expect(fitsSchema(value, schema, schema)).toBe(isFitting);
  });
});
