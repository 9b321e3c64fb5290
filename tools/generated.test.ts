import { expect, it } from "vitest";
import { fill, tableOf } from "./generated.ts";

it("replaces what stands between the marks", () => {
  const document = "a\n<!-- k -->\nold\n<!-- /k -->\nb\n";
  expect(fill(document, "k", "new")).toBe("a\n<!-- k -->\n\nnew\n\n<!-- /k -->\nb\n");
  expect(() => fill("a", "k", "new")).toThrow("expected <!-- k -->");
});

it("writes a table, and escapes the separator of its cells", () => {
  expect(tableOf(["a", "b"], [["1", "x | y"]])).toBe("| a | b |\n| --- | --- |\n| 1 | x \\| y |");
});
