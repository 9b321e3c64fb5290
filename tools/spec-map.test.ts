import { expect, it } from "vitest";
import { earlierProblems, readTags, specMap } from "./spec-map.ts";
import type { SpecPages } from "./spec-pages.ts";

const spec: SpecPages = {
  revision: "2026-07-28",
  pages: {
    "basic/index": { rules: "", headings: { meta: "MUST 01; SHOULD 02", requests: "MUST 03" } },
    "server/tools": { rules: "MUST NOT 04", headings: { "calling-tools": "" } },
  },
};

it.each([
  ["one tag", "/** @spec server/tools#calling-tools */", ["server/tools#calling-tools"]],
  ["a page as a whole", " * @spec server/tools\n */", ["server/tools"]],
  [
    "several with commas",
    "// @spec server/tools, basic/index#meta",
    ["server/tools", "basic/index#meta"],
  ],
  [
    "a list that goes on after a comma",
    " * @spec server/tools,\n *   basic/index#meta\n * Prose.",
    ["server/tools", "basic/index#meta"],
  ],
  ["a heading as some renderers write it", " * @spec basic/index#_meta", ["basic/index#meta"]],
  ["no tag", "const spec = 1;", []],
])("reads %s", (_what, text, expected) => {
  const tags = readTags("a.ts", text);
  expect(tags.map(({ page, heading }) => (heading ? `${page}#${heading}` : page))).toEqual(
    expected,
  );
});

it.each([
  [{ page: "server/tool", file: "a.ts" }, "a.ts: @spec server/tool: no such page"],
  [
    { page: "basic", heading: "meta", file: "a.ts" },
    "a.ts: @spec basic: no such page; basic/index is one",
  ],
  [
    { page: "server/tools", heading: "calling", file: "a.ts" },
    "a.ts: @spec server/tools#calling: no such heading among calling-tools",
  ],
])("names the problem of %j", (tag, problem) => {
  expect(specMap([tag], spec).problems).toEqual([problem]);
});

it("lists the files of a heading, and the headings with rules that no file names", () => {
  const tags = [
    { page: "basic/index", heading: "meta", file: "packages/lutra/src/b.ts" },
    { page: "basic/index", heading: "meta", file: "packages/lutra/src/a.ts" },
    { page: "server/tools", heading: "calling-tools", file: "examples/c.ts" },
  ];
  const { markdown, problems } = specMap(tags, spec);
  const [implemented = "", open = ""] = markdown.split("## Headings without files");
  expect(problems).toEqual([]);
  expect(implemented).toMatch(/basic\/index \| \[meta\].* \| 2 \| .*a\.ts.*<br>.*b\.ts/);
  expect(implemented).toMatch(/server\/tools \| \[calling-tools\].* \| 0 \| .*c\.ts/);
  expect(open.match(/^\| (?:basic|server).*$/gm)).toEqual([
    expect.stringMatching(/basic\/index \| \[requests\].* \| 1 \|/),
    expect.stringMatching(/server\/tools \| \[\(page\)\].* \| 1 \|/),
  ]);
});

it("checks tags of earlier revisions", () => {
  const pages = { "2025-11-25/basic/lifecycle": ["initialization"] };
  const tags = readTags(
    "a.ts",
    "// @spec 2025-11-25/basic/lifecycle#initialization, 2025-11-25/basic/lifecycle#other, 2024-11-05/x",
  );
  expect(earlierProblems(tags, pages)).toEqual([
    "a.ts: @spec 2025-11-25/basic/lifecycle#other: no such heading among initialization",
    "a.ts: @spec 2024-11-05/x: no such page",
  ]);
});
