import { expect, it } from "vitest";
import { fill, formatJson, reference } from "./gateway-reference.ts";

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

it("replaces what stands between the marks", () => {
  const document = "a\n<!-- k -->\nold\n<!-- /k -->\nb\n";
  expect(fill(document, "k", "new")).toBe("a\n<!-- k -->\n\nnew\n\n<!-- /k -->\nb\n");
  expect(() => fill("a", "k", "new")).toThrow("expected <!-- k -->");
});

it("writes JSON that means the same", () => {
  const value = { a: ["x", 1, null], b: {}, c: [], d: [{ e: true }] };
  expect(JSON.parse(formatJson(value))).toEqual(value);
  expect(formatJson(value)).toContain('"a": ["x", 1, null]');
});
