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

it("puts hidden code before a block", () => {
  const [block] = blocksOf(
    "README.md",
    document("<!-- hidden", "declare const a: {", "  b: 1;", "};", "-->", "```ts", "a.b;", "```"),
  );
  expect(block?.shown).toBe("a.b;");
  expect(block?.text.split("\n").filter(Boolean)).toEqual([
    "declare const a: {",
    "  b: 1;",
    "};",
    "a.b;",
  ]);
});

it.each([
  'import { z } from "zod";',
  "const clock = createManualClock();",
  "app.get({",
  'declare const client: import("lutra/client").Client;',
  'declare const store: import("@lutra/stores").Store;',
])("rejects hidden code that a reader needs: %s", (line) => {
  const text = document("<!-- hidden", line, "-->", "```ts", "a;", "```");
  expect(() => blocksOf("a.md", text)).toThrow('a.md:2: expected "declare ..."');
});

it("allows hidden code before a block of another language", () => {
  const text = document("<!-- hidden", "cache: false", "-->", "```yaml", "a: 1", "```");
  expect(blocksOf("a.md", text)[0]?.text.split("\n").filter(Boolean)).toEqual([
    "cache: false",
    "a: 1",
  ]);
});

it("gives hidden code to the next block alone", () => {
  const blocks = blocksOf(
    "README.md",
    document("<!-- hidden", "declare h", "-->", "```ts", "a", "```", "```ts", "b", "```"),
  );
  expect(blocks.map(({ text }) => text.split("\n").filter(Boolean))).toEqual([
    ["declare h", "a"],
    ["b"],
  ]);
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

it("takes the command that checks a block", () => {
  const mark = "<!-- checked by npm run test:docs -->";
  const text = document(mark, "```sh", "x", "```", "```sh", "y", "```");
  expect(blocksOf("a.md", text).map(({ command }) => command)).toEqual(["test:docs", undefined]);
});

it.each([
  [document("```rust", "```"), "a.md:1: expected one of ts, json, yaml, sh, , got rust"],
  [document("```ts", "x"), "a.md:1: expected ``` below"],
  [document("<!-- hidden", "x"), "a.md:1: expected --> below"],
])("rejects %j", (text, message) => {
  expect(() => blocksOf("a.md", text)).toThrow(message);
});
