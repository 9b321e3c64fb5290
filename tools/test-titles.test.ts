import { expect, it } from "vitest";
import { testTitlesOf } from "./test-titles.ts";

it.each([
  ["a test", 'it("a", () => {});', "a"],
  ["a group", 'describe("a", () => {});', "a"],
  ["a table of tests", 'it.each([1])("a: %s", async () => {});', "a: %s"],
  ["a template", "it(`a $" + "{b}`, () => {});", "a $" + "{b}"],
  ["a case", 'cases.push({ name: "a", run: () => {} });', "a"],
])("finds the title of %s", (_what, source, title) => {
  expect(testTitlesOf("x.test.ts", source)).toContain(title);
});

it("finds no title in other texts and in comments", () => {
  const source = 'import { it } from "vitest";\n// it("a", () => {});\nconst b = "c";\nf("d");';
  expect([...testTitlesOf("x.test.ts", source)]).toEqual([]);
});
