import { expect, it } from "vitest";
import type { SpecPages } from "./spec-pages.ts";
import { parseEvidence, type RuleEntry, type RuleTable, ruleProblems } from "./spec-rules.ts";
import { ruleSections, summaryTable } from "./spec-tables.ts";

const spec: SpecPages = {
  revision: "2026-07-28",
  pages: { "server/tools": { rules: "", headings: { names: "MUST 01; SHOULD NOT 02" } } },
};

const entry: RuleEntry = {
  level: "MUST",
  hash: "01",
  rule: "names are unique",
  side: "server",
  verdict: "holds",
  test: "a.test.ts > a name | that is taken",
};
const second: RuleEntry = {
  level: "SHOULD NOT",
  hash: "02",
  rule: "names are short",
  side: "server, author",
  verdict: "not ours",
  reason: "the author chooses names",
};

const tableOf = (...names: readonly RuleEntry[]): RuleTable => ({ "server/tools": { names } });
const problemsOf = (table: RuleTable) =>
  ruleProblems(table, spec, (test) => test === "a.test.ts > a name | that is taken");

it("accepts a table with an entry for each rule", () => {
  expect(problemsOf(tableOf(entry, second))).toEqual([]);
});

it.each<[string, RuleTable, string]>([
  ["a missing rule", tableOf(entry), "server/tools#names: missing rule 2, SHOULD NOT 02"],
  ["a missing page", {}, "server/tools#names: missing rule 1, MUST 01"],
  [
    "a rule whose wording has changed",
    tableOf({ ...entry, hash: "03" }, second),
    "server/tools#names: missing rule 1, MUST 01",
  ],
  [
    "a rule that the page lacks",
    tableOf(entry, second, { ...second, hash: "03" }),
    "server/tools#names: no such rule: SHOULD NOT 03",
  ],
  ["another order", tableOf(second, entry), "server/tools#names: expected the order of the page"],
  [
    "an unknown heading",
    { "server/tools": { names: [entry, second], more: [entry] } },
    "server/tools#more: no such heading",
  ],
  [
    "an unknown page",
    { ...tableOf(entry, second), x: {} },
    "tools/spec-rules/x.json: no such page",
  ],
  [
    "a test that does not exist",
    tableOf({ ...entry, test: "a.test.ts > another" }, second),
    "server/tools#names 1: no such test: a.test.ts > another",
  ],
  [
    "a verdict without a test",
    tableOf({ ...second, ...entry, test: undefined as never }, second),
    "server/tools#names 1: holds without a test",
  ],
  [
    "a verdict without a reason",
    tableOf(entry, { ...second, reason: "" }),
    "server/tools#names 2: not ours without a reason",
  ],
  [
    "an unknown verdict",
    tableOf({ ...entry, verdict: "maybe" as never, reason: "x" }, second),
    "server/tools#names 1: verdict: expected holds, partly, does not, not ours",
  ],
  [
    "an unknown side",
    tableOf({ ...entry, side: "proxy" }, second),
    "server/tools#names 1: side: expected some of server, client, gateway, host, author, got proxy",
  ],
  [
    "a long paraphrase",
    tableOf({ ...entry, rule: "a ".repeat(13).trim() }, second),
    "server/tools#names 1: rule: expected 1 to 12 words",
  ],
])("reports %s", (_what, table, problem) => {
  expect(problemsOf(table)).toContain(problem);
});

it("separates the file of a test from its title", () => {
  expect(parseEvidence("a.test.ts > one > two")).toEqual({ file: "a.test.ts", title: "one > two" });
});

it("draws a section for each page, and counts verdicts", () => {
  const table = tableOf(entry, second);
  expect(ruleSections(table, "2026-07-28").slice(0, 6)).toEqual([
    "### server/tools",
    "",
    "| Rule | Level | Side | In short | Verdict | Test or reason |",
    "| --- | --- | --- | --- | --- | --- |",
    "| [names 1](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#names) | MUST | server | names are unique | holds | [a.test.ts](a.test.ts): a name \\| that is taken |",
    "| [names 2](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#names) | SHOULD NOT | server, author | names are short | not ours | the author chooses names |",
  ]);
  expect(summaryTable(table).at(-1)).toBe("| all | 1 | 0 | 0 | 1 |");
});
