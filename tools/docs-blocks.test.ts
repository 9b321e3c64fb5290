import { expect, it } from "vitest";
import { blocksOf, fileOf } from "./docs-blocks.ts";

const document = (...lines: string[]) => lines.join("\n");

it("keeps the lines of a block and leaves out the text around it", () => {
  const [block] = blocksOf("docs/a.md", document("# A", "", "```ts", "one();", "```", "end"));
  expect(block).toMatchObject({ line: 3, language: "ts", shown: "one();" });
  expect(block?.text.split("\n").indexOf("one();")).toBe(3);
  expect(block?.text.trim()).toBe("one();");
  expect(block && fileOf(block)).toBe(".lutra/docs/a/3.ts");
});

it("puts hidden code before and after a block", () => {
  const [block] = blocksOf(
    "README.md",
    document(
      "<!-- hidden",
      "f({",
      "-->",
      "```ts",
      "a: 1",
      "```",
      "<!-- hidden after",
      "});",
      "-->",
    ),
  );
  expect(block?.shown).toBe("a: 1");
  expect(block?.text.split("\n").filter(Boolean)).toEqual(["f({", "a: 1", "});"]);
});

it("gives hidden code to the next block alone", () => {
  const blocks = blocksOf(
    "README.md",
    document("<!-- hidden", "h", "-->", "```ts", "a", "```", "```ts", "b", "```"),
  );
  expect(blocks.map(({ text }) => text.split("\n").filter(Boolean))).toEqual([["h", "a"], ["b"]]);
});

it("names the file of a block by the comment on its first line", () => {
  const blocks = blocksOf(
    "docs/b/c.md",
    document("```yaml", "# gateway.yaml", "a: 1", "```", "<!-- hidden", "// x.ts", "-->"),
  );
  expect(blocks.map(fileOf)).toEqual([".lutra/docs/b-c/gateway.yaml", ".lutra/docs/b-c/x.ts"]);
});

it("gives hidden code the language of its file", () => {
  const text = document("<!-- hidden", "# gateway.yaml", "-->", "<!-- hidden", "// x.ts", "-->");
  expect(blocksOf("a.md", text).map(({ language }) => language)).toEqual(["yaml", "ts"]);
});

it("takes the reason why a block is not checked", () => {
  const text = document("<!-- not checked: a synopsis -->", "```sh", "x <y>", "```", "```", "```");
  expect(blocksOf("a.md", text).map(({ unchecked }) => unchecked)).toEqual([
    "a synopsis",
    undefined,
  ]);
});

it.each([
  [document("```rust", "```"), "a.md:1: expected one of ts, json, yaml, sh, , got rust"],
  [document("```ts", "x"), "a.md:1: expected ``` below"],
  [document("<!-- hidden", "x"), "a.md:1: expected --> below"],
  [document("<!-- hidden after", "x", "-->"), "a.md:1: expected a block above"],
])("rejects %j", (text, message) => {
  expect(() => blocksOf("a.md", text)).toThrow(message);
});
