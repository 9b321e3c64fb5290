/**
 * Reads and checks the table of rules: `spec-rules/<page>.json` states for each rule of a page how Lutra
 * implements it. The rules themselves are listed in spec-pages.json.
 *
 * The evidence of a verdict is `file > title`, where the title is that of a test or of a heading of a
 * document.
 */
import { existsSync, readFileSync } from "node:fs";
import { filesBelow } from "./files.ts";
import { parseRules, type SpecPages, type SpecRule } from "./spec-pages.ts";
import { testTitlesOf } from "./test-titles.ts";

/** The verdict on one rule. Rules of a heading are in the order of the page. */
export interface RuleEntry extends SpecRule {
  /** A paraphrase of at most 12 words. */
  readonly rule: string;
  /** The sides concerned: one or several of `server`, `client`, `gateway`, `host`, `author`. */
  readonly side: string;
  readonly verdict: (typeof verdicts)[number];
  /** Evidence: `file > title of a test`. */
  readonly test?: string;
  readonly reason?: string;
}

/** Page to heading to rules. The rules before the first heading are under "". */
export interface RuleTable {
  readonly [page: string]: { readonly [heading: string]: readonly RuleEntry[] };
}

export const verdicts = ["holds", "partly", "does not", "not ours"] as const;

/** Pages whose rules have no verdicts, with the reason. */
export const outside: { readonly [page: string]: string } = {};

const folder = "tools/spec-rules";
const sides = new Set(["server", "client", "gateway", "host", "author"]);
const maxWords = 12;

/** Reads the tables of all pages. */
export function readRuleTable(root: string): RuleTable {
  const files = filesBelow(root, folder).filter((path) => path.endsWith(".json"));
  const pages = files.map((path) => {
    const page = path.slice(folder.length + 1, -".json".length);
    return [page, JSON.parse(readFileSync(`${root}/${path}`, "utf8"))] as const;
  });
  return Object.fromEntries(pages);
}

/** The problems of the table: rules that are missing, surplus or changed, and incomplete entries. */
export function ruleProblems(
  table: RuleTable,
  spec: SpecPages,
  hasEvidence: (test: string) => boolean,
): string[] {
  const surplus = Object.keys(table).filter((page) => !(page in spec.pages));
  const covered = Object.entries(spec.pages).filter(([page]) => !(page in outside));
  const pages = covered.flatMap(([page, { rules, headings }]) => {
    const known = { "": rules, ...headings };
    const entries = table[page] ?? {};
    const unknown = Object.keys(entries).filter((heading) => !(heading in known));
    return [
      ...unknown.map((heading) => `${page}#${heading}: no such heading`),
      ...Object.entries(known).flatMap(([heading, list]) => {
        return headingProblems(placeOf(page, heading), parseRules(list), entries[heading] ?? []);
      }),
    ];
  });
  const incomplete = Object.entries(table).flatMap(([page, headings]) =>
    Object.entries(headings).flatMap(([heading, entries]) =>
      entries.flatMap((entry, index) =>
        entryProblems(entry, hasEvidence).map(
          (problem) => `${placeOf(page, heading)} ${index + 1}: ${problem}`,
        ),
      ),
    ),
  );
  return [
    ...surplus.map((page) => `${folder}/${page}.json: no such page`),
    ...pages,
    ...incomplete,
  ];
}

/** Compares the entries of a heading with its rules, which identify each other by hash. */
function headingProblems(
  place: string,
  rules: readonly SpecRule[],
  entries: readonly RuleEntry[],
): string[] {
  const keys = (list: readonly SpecRule[]) => list.map(({ level, hash }) => `${level} ${hash}`);
  const [expected, found] = [keys(rules), keys(entries)];
  if (expected.join() === found.join()) return [];
  const missing = expected.filter((key) => !found.includes(key));
  const surplus = found.filter((key) => !expected.includes(key));
  if (missing.length + surplus.length === 0) return [`${place}: expected the order of the page`];
  return [
    ...missing.map((key) => `${place}: missing rule ${expected.indexOf(key) + 1}, ${key}`),
    ...surplus.map((key) => `${place}: no such rule: ${key}`),
  ];
}

function entryProblems(entry: RuleEntry, hasEvidence: (test: string) => boolean): string[] {
  const { rule, side, verdict, test, reason } = entry;
  const problems: string[] = [];
  const words = rule.split(" ").length;
  if (rule === "" || words > maxWords) problems.push(`rule: expected 1 to ${maxWords} words`);
  if (!side.split(", ").every((one) => sides.has(one))) {
    problems.push(`side: expected some of ${[...sides].join(", ")}, got ${side}`);
  }
  if (!verdicts.includes(verdict)) problems.push(`verdict: expected ${verdicts.join(", ")}`);
  if (verdict === "holds" && test === undefined) problems.push("holds without a test");
  if (verdict !== "holds" && !reason) problems.push(`${verdict} without a reason`);
  if (test !== undefined && !hasEvidence(test)) problems.push(`no such test: ${test}`);
  return problems;
}

/** Creates the check that a test or a heading exists. Each file is read once. */
export function evidenceIn(root: string): (test: string) => boolean {
  const files = new Map<string, Set<string>>();
  return (test) => {
    const { file, title } = parseEvidence(test);
    const titles = files.get(file) ?? titlesOf(root, file);
    files.set(file, titles);
    return titles.has(title);
  };
}

/** Splits `file > title`. */
export function parseEvidence(test: string): { readonly file: string; readonly title: string } {
  const [file = "", ...title] = test.split(" > ");
  return { file, title: title.join(" > ") };
}

function titlesOf(root: string, file: string): Set<string> {
  if (!existsSync(`${root}/${file}`)) return new Set();
  const source = readFileSync(`${root}/${file}`, "utf8");
  if (!file.endsWith(".md")) return testTitlesOf(file, source);
  return new Set([...source.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title));
}

function placeOf(page: string, heading: string): string {
  return heading === "" ? page : `${page}#${heading}`;
}
