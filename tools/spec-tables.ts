/** Draws the tables of SPEC.md about the rules of the specification. */
import { appsRevision } from "../packages/lutra/src/apps/protocol/names.ts";
import { skillsRevision } from "../packages/lutra/src/extensions/skills/protocol.ts";
import { parseEvidence, type RuleEntry, type RuleTable, verdicts } from "./spec-rules.ts";

const site = "https://modelcontextprotocol.io/specification";
/** The URL of a page of each extension. The Skills extension has no versions but its commits. */
const extensionPages: {
  readonly [name: string]: (path: string, revision: string) => string;
} = {
  "ext-apps": (path) =>
    `https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/${appsRevision}/${path}.mdx`,
  "ext-tasks": (path, revision) =>
    `https://modelcontextprotocol.github.io/ext-tasks/specification/${revision}/${path}.html`,
  "ext-skills": (path) =>
    `https://github.com/modelcontextprotocol/ext-skills/blob/${skillsRevision}/specification/stable/${path}.mdx`,
};

interface PageRow {
  readonly page: string;
  readonly heading: string;
  readonly ordinal: number;
  readonly entry: RuleEntry;
}

/** One row for each page, with the number of its rules by verdict. */
export function summaryTable(table: RuleTable): string[] {
  const pages = Object.keys(table).sort();
  const rows = pages.map((page) => rowsOf(table, page));
  const row = (name: string, list: readonly PageRow[]) => {
    const counts = verdicts.map((verdict) => list.filter(({ entry }) => entry.verdict === verdict));
    return `| ${[name, ...counts.map(({ length }) => length)].join(" | ")} |`;
  };
  return [
    `| Page | ${verdicts.join(" | ")} |`,
    `| --- |${verdicts.map(() => " --: |").join("")}`,
    ...pages.map((page, index) => row(`[${page}](#${anchorOf(page)})`, rows[index] ?? [])),
    row("all", rows.flat()),
  ];
}

/** One section for each page, with a table of its rules. */
export function ruleSections(table: RuleTable, revision: string): string[] {
  return Object.keys(table)
    .sort()
    .flatMap((page) => [
      `### ${page}`,
      "",
      "| Rule | Level | Side | In short | Verdict | Test or reason |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rowsOf(table, page).map((row) => ruleRow(row, revision)),
      "",
    ]);
}

/** The link to a heading of a page, or to the page. */
export function specLink(page: string, heading: string, revision: string): string {
  const [name = "", ...rest] = page.split("/");
  const extension = extensionPages[name];
  const path = (extension ? rest.join("/") : page).replace(/(^|\/)index$/, "");
  const core = `${site}/${revision}${path === "" ? "" : `/${path}`}`;
  const url = extension?.(path, revision) ?? core;
  return heading === "" ? url : `${url}#${heading}`;
}

function rowsOf(table: RuleTable, page: string): PageRow[] {
  return Object.entries(table[page] ?? {}).flatMap(([heading, entries]) =>
    entries.map((entry, index) => ({ page, heading, ordinal: index + 1, entry })),
  );
}

function ruleRow({ page, heading, ordinal, entry }: PageRow, revision: string): string {
  const { level, side, rule, verdict, test, reason } = entry;
  const name = `[${heading || "(page)"} ${ordinal}](${specLink(page, heading, revision)})`;
  const evidence = [test && evidenceLink(test), reason].filter(Boolean).join("<br>");
  return `| ${name} | ${level} | ${side} | ${rule} | ${verdict} | ${evidence} |`;
}

function evidenceLink(test: string): string {
  const { file, title } = parseEvidence(test);
  const text = title.replace(/[|<>*_]/g, "\\$&");
  return `[${file.replace(/^.*\//, "")}](${file}): ${text}`;
}

function anchorOf(page: string): string {
  return page.replace(/[^\w-]/g, "");
}
