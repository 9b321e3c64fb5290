import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { exportsOf } from "./api-exports.ts";
import { isValue, sectionOf } from "./api-page.ts";
import { pagesOf } from "./api-reference.ts";

/** Writes declarations into a folder, and returns the exports of its index.d.ts by name. */
function exportsIn(files: { readonly [name: string]: string }) {
  const folder = mkdtempSync(join(tmpdir(), "lutra-api-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return new Map(exportsOf(join(folder, "index.d.ts")).map((each) => [each.name, each]));
}

function sectionIn(files: { readonly [name: string]: string }, name: string): string {
  const found = exportsIn(files).get(name);
  return found === undefined ? "" : sectionOf(found);
}

it("follows re-exports, lists and new names to the declaration", () => {
  const found = exportsIn({
    "index.d.ts":
      'export { a as b } from "./x.ts";\nexport * from "./y.js";\nexport interface Own {}\n',
    "x.d.ts": 'import { a } from "./y.ts";\nexport { a };\n',
    "y.d.ts": "export declare const a: 1;\nexport type C = 2;\n",
  });
  expect([...found.keys()]).toEqual(["C", "Own", "a", "b"]);
  expect([...found.values()].filter(isValue).map(({ name }) => name)).toEqual(["a", "b"]);
});

it("fails for an export without a declaration", () => {
  const files = { "index.d.ts": 'export { gone } from "./x.ts";\n', "x.d.ts": "export {};\n" };
  expect(() => exportsIn(files)).toThrow(/x\.d\.ts: expected a declaration of gone/);
});

it("shows all overloads of a function, its docstring and its errors", () => {
  const lines = [
    "/**",
    " * Opens a file. See `b@c`.",
    " *",
    " * @spec a#b",
    " * @throws {TypeError} for a name",
    " *   that is empty",
    " */",
    "export declare function open(name: string): void;",
    "/** As above. */",
    "export declare function open(name: string, /** Bits. */ mode: number): void;",
  ];
  expect(sectionIn({ "index.d.ts": lines.join("\n") }, "open")).toBe(
    [
      "## `open`",
      "",
      "Opens a file. See `b@c`.",
      "",
      "```ts",
      "function open(name: string): void;",
      "function open(name: string,  mode: number): void;",
      "```",
      "",
      "Throws `TypeError` for a name that is empty.",
      "",
    ].join("\n"),
  );
});

it("lists the public members of an interface and of a class with their defaults", () => {
  const source = [
    "/** Options. */",
    "export interface Options<T> extends Base {",
    "  /** Milliseconds. @default 10 */",
    "  readonly ms?: number | undefined;",
    "  /** @deprecated Use `ms`. */",
    "  run(a: T): void;",
    "}",
    "export declare class Box { #hidden; private old; readonly open: boolean; }",
  ].join("\n");
  const options = sectionIn({ "index.d.ts": source }, "Options").split("\n");
  expect(options).toContain("interface Options<T> extends Base { ... }");
  expect(options).toContain("| `ms?: number \\| undefined` | 10 | Milliseconds. |");
  expect(options).toContain("| `run(a: T): void` |  | Deprecated. Use `ms`. |");
  const box = sectionIn({ "index.d.ts": source }, "Box");
  // Columns without any value are left out.
  expect(box).toContain("| `open: boolean` |  |\n");
  expect(box).not.toMatch(/hidden|old/);
});

it("splits sections into pages that are not too long", () => {
  expect(pagesOf(["1\n2", "1\n2", "1", "1\n2\n3\n4\n5\n6", "1"], 5)).toEqual([
    ["1\n2", "1\n2", "1"],
    ["1\n2\n3\n4\n5\n6"],
    ["1"],
  ]);
});
