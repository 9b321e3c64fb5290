/**
 * Writes llms.txt, a list of all pages for language models, from docs/README.md, and
 * docs/decisions/README.md:
 *
 *     node --import tsx tools/llms.ts [--check]
 *
 * With `--check` nothing is written. A page that docs/README.md does not list is a failure.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { titleOf } from "./anchors.ts";
import { filesBelow } from "./files.ts";
import { writeGenerated } from "./generated.ts";

const command = "node --import tsx tools/llms.ts";
const indexPath = "docs/README.md";
const decisionsPath = "docs/decisions/README.md";
/** Pages below these folders are listed by an index of their own, or as a folder. */
const folders = /^docs\/(?:api|decisions)\//;

interface Item {
  /** From the root of the repository. */
  readonly path: string;
  readonly task: string;
  readonly about: string;
}

/** Returns the entries of the index. */
export function itemsOf(index: string): readonly Item[] {
  const items = index.matchAll(/^- \[([^\]]+)\]\(([^)]+)\): (.+)$/gm);
  return [...items].map(([, task = "", target = "", about = ""]) => ({
    path: posix.join(posix.dirname(indexPath), target),
    task,
    about,
  }));
}

/** Returns the pages that the index does not list. */
export function unlisted(items: readonly Item[], pages: readonly string[]): readonly string[] {
  const listed = new Set(items.map(({ path }) => path));
  return pages.filter((page) => page !== indexPath && !folders.test(page) && !listed.has(page));
}

/** Returns the text of llms.txt. */
export function llmsText(summary: string, items: readonly Item[]): string {
  const lines = items.map(({ path, task, about }) => `- [${capital(task)}](${path}): ${about}`);
  return ["# Lutra", "", `> ${summary}`, "", "## Documentation", "", ...lines, ""].join("\n");
}

/** Returns the list of the decisions. */
export function decisionsText(
  decisions: readonly { readonly file: string; readonly title: string }[],
): string {
  const lines = decisions.map(({ file, title }) => `- [${title}](${file})`);
  const about =
    "Decisions between alternatives, with figures, in the order in which they were made.";
  return ["# Decisions", "", about, "", ...lines, ""].join("\n");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const items = itemsOf(read(indexPath));
  const missing = unlisted(items, filesBelow(root, "docs"));
  for (const page of missing) console.error(`${indexPath}: expected a link to ${page}`);
  const [, summary = ""] = /^# Lutra\n\n(.+)$/m.exec(read("README.md")) ?? [];
  const text = llmsText(summary, items);
  const decisions = filesBelow(root, "docs/decisions")
    .filter((path) => path !== decisionsPath)
    .map((path) => ({ file: posix.basename(path), title: titleOf(read(path)) ?? "" }));
  const code = writeGenerated(root, command, {
    "llms.txt": text,
    [decisionsPath]: decisionsText(decisions),
  });
  return missing.length > 0 ? 1 : code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
