import { expect, it } from "vitest";
import { findForbidden, measure } from "./sizes.ts";

const sourceOf = (lines: number, path = "a.ts") => ({ path, text: "x\n".repeat(lines) });

it("sums up the lines of the files", () => {
  const { summary, problems } = measure([sourceOf(10), sourceOf(30, "b.ts"), sourceOf(20, "c.ts")]);
  expect(summary).toBe("3 files, median 20 lines, p90 30, longest 30 (b.ts)");
  expect(problems).toEqual([]);
});

it("refuses a file above 500 lines and takes one of 500", () => {
  const short = Array.from({ length: 20 }, () => sourceOf(10));
  expect(measure([...short, sourceOf(500)]).problems).toEqual([]);
  expect(measure([...short, sourceOf(501)]).problems).toEqual([
    "a.ts: 501 lines, above the limit of 500",
  ]);
});

it("refuses a ninth decile above 250 lines", () => {
  expect(measure([sourceOf(10), sourceOf(251)]).problems).toEqual([
    "p90 is 251 lines, above the limit of 250",
  ]);
});

it("measures nothing when there is nothing", () => {
  expect(measure([])).toEqual({ summary: "0 files, median 0 lines, p90 0", problems: [] });
});

// Spelled in two halves, so that this file passes the rules it tests.
const ignore = `// @ts-${"ignore"}`;
const cast = `const a = b as ${"any"};`;
const machinePath = `/${"work"}/main`;
const code = "throw error(-32602);";

it.each([
  ["packages/lutra/src/a.ts", ignore, "@ts-expect-error"],
  ["test/a.test.ts", cast, "cast to any"],
  ["docs/a.md", `see ${machinePath}`, "path of one machine"],
  [".ci/run", `cd ${machinePath}`, "path of one machine"],
  ["package-lock.json", '"resolved": "https://registry/a.tgz"', "registry host"],
  ["packages/lutra/src/server/a.ts", code, "error codes"],
])("finds what has no place in %s: %s", (path, line, message) => {
  expect(findForbidden({ path, text: `first\n${line}\n` })).toEqual([
    expect.stringMatching(new RegExp(`^${path}:2: .*${message}`)),
  ]);
});

it.each([
  ["packages/lutra/src/protocol/errors.ts", code],
  ["packages/lutra/src/server/a.test.ts", code],
  ["packages/lutra/src/server/a.ts", " * Answers -32602 when the name is unknown."],
  ["packages/lutra/src/server/a.ts", "refuse(); // as any server would"],
  ["package-lock.json", '"resolved": "packages/lutra"'],
  ["docs/a.md", "the folder src/workers/"],
])("leaves alone in %s: %s", (path, line) => {
  expect(findForbidden({ path, text: line })).toEqual([]);
});
