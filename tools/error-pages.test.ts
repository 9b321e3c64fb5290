import { expect, it } from "vitest";
import { findWrongEntries } from "./error-pages.ts";
import { messageTemplatesOf } from "./message-templates.ts";

const templatesOf = (source: string) => messageTemplatesOf("a.ts", source).map(({ text }) => text);

it.each([
  ["a text", 'throw new TypeError("keys: expected a list");', ["keys: expected a list"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the template of the source
  ["a template", "throw new TypeError(`${name}: expected ${what}`);", ["…: expected …"]],
  ["a sum", 'throw new Error("port " + port + " is in use");', ["port … is in use"]],
  [
    "both branches",
    'new Error(x ? "one is left" : "two are left");',
    ["one is left", "two are left"],
  ],
  ["a constant", 'const gone = "it is gone"; new Error(gone);', ["it is gone"]],
  ["a protocol error", 'new ProtocolError("internalError", "it broke off");', ["it broke off"]],
  [
    "a factory",
    'throw invalidParams("params.x: expected a string");',
    ["params.x: expected a string"],
  ],
  ["a name only", 'throw new ListenError("listen", address, cause);', []],
  ["what a function returns", 'function problemWith(x) { return "it is odd"; }', ["it is odd"]],
  ["a computed message", "throw new TypeError(problem);", []],
])("finds %s", (_what, source, texts) => {
  expect(templatesOf(source)).toEqual(texts);
});

const page = (rows: string, folders = "lutra/server") => ({
  path: "docs/errors/server.md",
  text: `<!-- messages of: ${folders} -->\n| message | cause | remedy |\n| --- | --- | --- |\n${rows}`,
});
const source = {
  path: "packages/lutra/src/server/seal.ts",
  text: 'throw new TypeError("keys: expected at least one key");',
};

it("accepts a page with a row for each message", () => {
  const exact = page("| `keys: expected at least one key` | The list is empty. | Add a key. |");
  const family = page("| `…: expected at least one …` | The list is empty. | Add an entry. |");
  expect(findWrongEntries([exact], [source])).toEqual([]);
  expect(findWrongEntries([family], [source])).toEqual([]);
});

it("reports a message without a row, and a row without a message", () => {
  const stale = page("| `keys: expected a list` | No list. | Pass a list. |");
  expect(findWrongEntries([stale], [source])).toEqual([
    "packages/lutra/src/server/seal.ts:1: keys: expected at least one key: expected a row in docs/errors/server.md",
    "docs/errors/server.md:4: keys: expected a list: no such message in the sources",
  ]);
});

it("reports a row without a cause, as it explains nothing", () => {
  const empty = page("| `keys: expected at least one key` |  | Add a key. |");
  expect(findWrongEntries([empty], [source])).toHaveLength(1);
});

it("reports a file that belongs to no page, and a row that matches everything", () => {
  const other = page("| `…: … of …` | Any. | Any. |", "lutra/client");
  expect(findWrongEntries([other], [source])).toEqual([
    "packages/lutra/src/server/seal.ts: expected a page in docs/errors/ that names its folder",
    expect.stringContaining("expected a word of the message"),
    expect.stringContaining("no such message"),
  ]);
});
