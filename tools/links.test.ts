import { expect, it } from "vitest";
import { findBroken, replaceLinks } from "./links.ts";

const page = (text: string) => ({ path: "docs/a.md", text });
const other = { path: "docs/b.md", text: "# A `code` title, twice\n\n# A `code` title, twice\n" };
const exists = (path: string) => ["docs/a.md", "docs/b.md", "LICENSE"].includes(path);

it.each([
  "[b](b.md)",
  "[b](b.md#a-code-title-twice-1)",
  "[l](../LICENSE)",
  "# Here\n[h](#here)",
  "[w](https://example.com/x.md)",
  "`[c](c.md)`",
  "```md\n[c](c.md)\n```",
])("accepts %j", (text) => {
  expect(findBroken([page(text), other], exists)).toEqual([]);
});

it.each([
  ["\n[c](c.md)", "docs/a.md:2: expected a file at docs/c.md"],
  ["[b](b.md#none)", "docs/a.md:1: expected a heading #none in docs/b.md"],
  ["```\n# Code\n```\n[c](#code)", "docs/a.md:4: expected a heading #code in docs/a.md"],
])("rejects %j", (text, fault) => {
  expect(findBroken([page(text), other], exists)).toEqual([fault]);
});

it("replaces relative links outside code", () => {
  const text = "`[a](b.md)` [c](b.md#x) [w](https://example.com)\n```\n[a](b.md)\n```\n[e](b.md)\n";
  expect(replaceLinks(text, (target) => `../${target}`)).toBe(
    text.replace("[c](b", "[c](../b").replace("[e](b", "[e](../b"),
  );
});
