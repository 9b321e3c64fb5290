/**
 * Checks the language of comments, docstrings, string literals and documents:
 *
 *     node --import tsx tools/language.ts [--all] [--lower] [folder...]
 *
 * The numbers in language-budget.json may only fall. `--all` prints every finding, `--lower` writes
 * the current numbers. With folders, only findings in these are printed.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { lineAt, proseOf } from "./prose.ts";
import { clauseOpening, verbOpening, wordings } from "./wordings.ts";

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface Findings {
  readonly docstrings: number;
  readonly openings: readonly Finding[];
  readonly wordings: readonly Finding[];
}

export interface Budget {
  /** Maximum share of docstrings that begin with a clause, in percent. */
  readonly openingsPercent: number;
  /** Maximum number of wordings for which there is a standard term. */
  readonly wordings: number;
}

const shown = 10;
const budgetFile = new URL("language-budget.json", import.meta.url);
const code = /^(?:packages|examples|bench|test|tools|scripts)\/.*\.(?:tsx?|mjs|js)$/;
const documents = /^(?:[\w-]+|docs\/.*|packages\/[^/]+\/README|\.github\/.*)\.md$/;
/** Generated files, and the two lists of wordings. */
const leftOut = /^SPEC\.md$|^docs\/api\/|^CONTRIBUTING\.md$|^tools\/wordings\.ts$/;

/** Returns what is wrong with the language of one file. */
export function findingsIn(path: string, source: string): Findings {
  const { text, docstrings } = proseOf(path, source);
  const openings = docstrings
    .filter(({ text: doc }) => clauseOpening.test(doc) || verbOpening.test(doc))
    .map(({ line, text: doc }) => {
      return { path, line, message: `begin with a noun or a verb: "${excerpt(doc)}"` };
    });
  const found = wordings.flatMap(({ pattern, say }) =>
    [...text.matchAll(pattern)].map(({ 0: wording, index }) => {
      return { path, line: lineAt(text, index), message: `"${flat(wording)}": say "${say}"` };
    }),
  );
  const sorted = found.sort((a, b) => a.line - b.line);
  return { docstrings: docstrings.length, openings, wordings: sorted };
}

/** Joins the findings of several files. */
export function sum(all: readonly Findings[]): Findings {
  return {
    docstrings: all.reduce((total, { docstrings }) => total + docstrings, 0),
    openings: all.flatMap(({ openings }) => openings),
    wordings: all.flatMap(({ wordings: found }) => found),
  };
}

/** The numbers of what was found, which `--lower` records. */
export function budgetOf({ docstrings, openings, wordings: found }: Findings): Budget {
  const percent = docstrings === 0 ? 0 : (100 * openings.length) / docstrings;
  return { openingsPercent: Math.ceil(percent * 10) / 10, wordings: found.length };
}

/** Returns one line for each number that is above its budget. */
export function excess(found: Budget, budget: Budget): string[] {
  return (["openingsPercent", "wordings"] as const)
    .filter((key) => found[key] > budget[key])
    .map((key) => `${key}: expected at most ${budget[key]}, got ${found[key]}`);
}

function excerpt(text: string): string {
  return text.length > 50 ? `${text.slice(0, 50).trimEnd()} ...` : text;
}

function flat(wording: string): string {
  return wording.replace(/\s+(?:(?:\*|\/\/)\s+)?/g, " ").trim();
}

function trackedFiles(root: string): string[] {
  const listed = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");
  return listed
    .filter((path) => (code.test(path) || documents.test(path)) && !leftOut.test(path))
    .filter((path) => existsSync(`${root}/${path}`));
}

function report(findings: readonly Finding[], limit: number): string[] {
  const lines = findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);
  const rest = lines.length - limit;
  return rest > 0 ? [...lines.slice(0, limit), `... and ${rest} more; see them with --all`] : lines;
}

function main(args: readonly string[]): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = trackedFiles(root);
  const found = sum(files.map((path) => findingsIn(path, readFileSync(`${root}/${path}`, "utf8"))));
  const numbers = budgetOf(found);
  if (args.includes("--lower")) writeFileSync(budgetFile, `${JSON.stringify(numbers, null, 2)}\n`);
  const over = excess(numbers, JSON.parse(readFileSync(budgetFile, "utf8")) as Budget);
  const folders = args.filter((arg) => !arg.startsWith("--"));
  const isAsked = ({ path }: Finding) =>
    folders.length === 0 || folders.some((folder) => path.startsWith(folder));
  const limit = args.includes("--all") || folders.length > 0 ? Number.POSITIVE_INFINITY : shown;
  if (limit > shown || over.length > 0) {
    console.log(report(found.openings.filter(isAsked), limit).join("\n"));
    console.log(report(found.wordings.filter(isAsked), limit).join("\n"));
  }
  const { docstrings, openings, wordings: words } = found;
  const share = `${openings.length} of ${docstrings} docstrings (${numbers.openingsPercent} %)`;
  console.log([...over, `${share} begin with a clause, ${words.length} wordings`].join("\n"));
  return over.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = main(process.argv.slice(2));
}
