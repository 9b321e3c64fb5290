import { expect, it } from "vitest";
import { configJsonSchema, type JsonSchema } from "../packages/gateway/src/config/json-schema.ts";
import { formatJson, reference } from "./gateway-reference.ts";

it("shows every key of every object once", () => {
  const point = {
    type: "object",
    properties: { x: { type: "integer", minimum: 0, default: 1, description: "How far" } },
  };
  const schema = {
    type: "object",
    required: ["at"],
    properties: {
      at: { ...point, description: "Where" },
      from: { description: "Or nowhere", anyOf: [{ const: false }, point] },
      kinds: { type: "array", items: { enum: ["a", "b"] } },
      named: {
        type: "object",
        additionalProperties: { type: "object", properties: { y: { type: "string" } } },
      },
    },
  };
  expect(reference(schema)).toBe(
    [
      "| Key | Type | Default | Meaning |",
      "| --- | --- | --- | --- |",
      "| `at` | object | required | Where. |",
      "| `from` | `false` or object |  | Or nowhere. |",
      "| `kinds` | array of `a`, `b` |  |  |",
      "| `named` | objects by name |  |  |",
      "",
      "### `at`",
      "",
      "Where.",
      "",
      "| Key | Type | Default | Meaning |",
      "| --- | --- | --- | --- |",
      "| `x` | integer, at least 0 | `1` | How far. |",
      "",
      "### `named.<name>`",
      "",
      "| Key | Type | Default | Meaning |",
      "| --- | --- | --- | --- |",
      "| `y` | string |  |  |",
    ].join("\n"),
  );
});

it("shows every key of a configuration with its meaning", () => {
  const keys = keysOf(configJsonSchema());
  expect(keys.length).toBeGreaterThan(100);
  const text = reference(configJsonSchema());
  const missing = keys.filter(({ key, description }) => {
    return !text.includes(`| \`${key}\` |`) || !description || !text.includes(description);
  });
  expect(missing).toEqual([]);
});

it("writes JSON that means the same", () => {
  const value = { a: ["x", 1, null], b: {}, c: [], d: [{ e: true }] };
  expect(JSON.parse(formatJson(value))).toEqual(value);
  expect(formatJson(value)).toContain('"a": ["x", 1, null]');
});

/** All keys of all objects in a schema. */
function keysOf(schema: JsonSchema): { readonly key: string; readonly description?: string }[] {
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema;
  const inside = [...Object.values(properties), ...anyOf];
  if (items !== undefined) inside.push(items);
  if (typeof additionalProperties === "object") inside.push(additionalProperties);
  const own = Object.entries(properties).map(([key, { description }]) => {
    return { key, ...(description !== undefined && { description }) };
  });
  return [...own, ...inside.flatMap(keysOf)];
}
