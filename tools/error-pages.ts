/**
 * Compares the pages in docs/errors/ with the messages of the errors in the sources:
 *
 *     node --import tsx tools/error-pages.ts
 *
 * A page names the folders and files whose messages it explains, in a comment:
 *
 *     <!-- messages of: lutra/server, lutra/schema -->
 *
 * Each row of its tables has a message, the cause and the remedy. `…` in a message stands for any
 * text, so one row can explain a family. Every message in the sources needs a row in the page of its
 * file, and every row a message.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow, isSource, packageSources } from "./files.ts";
import { messageTemplatesOf } from "./message-templates.ts";

/** A file, from the root of the repository, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

interface Entry {
  readonly page: string;
  readonly line: number;
  readonly message: string;
  readonly matches: RegExp;
}

interface Page {
  readonly path: string;
  readonly folders: readonly string[];
  readonly entries: readonly Entry[];
}

/** Returns the differences between the pages and the sources, as `path:line: message`. */
export function findWrongEntries(
  documents: readonly TextFile[],
  sources: readonly TextFile[],
): string[] {
  const pages = documents.map(readPage);
  const used = new Set<Entry>();
  const missing = sources.flatMap(({ path, text }) => {
    const templates = messageTemplatesOf(path, text);
    if (templates.length === 0) return [];
    const page = pageOf(path, pages);
    if (page === undefined)
      return [`${path}: expected a page in docs/errors/ that names its folder`];
    return templates.flatMap(({ line, text }) => {
      const found = page.entries.filter(({ matches }) => matches.test(text));
      for (const entry of found) used.add(entry);
      return found.length > 0 ? [] : [`${path}:${line}: ${text}: expected a row in ${page.path}`];
    });
  });
  const entries = pages.flatMap((page) => page.entries);
  const stale = entries
    .filter((entry) => !used.has(entry))
    .map(
      ({ page, line, message }) => `${page}:${line}: ${message}: no such message in the sources`,
    );
  return [...missing, ...entries.flatMap(wordless), ...stale];
}

/** Returns the page with the longest folder that contains the file. */
function pageOf(path: string, pages: readonly Page[]): Page | undefined {
  const [, name = "", rest = ""] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? [];
  const own = `${name}/${rest}`;
  let found: Page | undefined;
  let longest = -1;
  for (const page of pages) {
    for (const folder of page.folders) {
      const isInside = own === folder || own.startsWith(`${folder}/`);
      if (!isInside || folder.length <= longest) continue;
      longest = folder.length;
      found = page;
    }
  }
  return found;
}

function readPage({ path, text }: TextFile): Page {
  const [, folders = ""] = /<!-- messages of: ([^>]+?) -->/.exec(text) ?? [];
  const entries = text.split("\n").flatMap((row, index): Entry[] => {
    const [, message, cause, remedy] = /^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/.exec(row) ?? [];
    if (message === undefined || cause === undefined || remedy === undefined) return [];
    return [{ page: path, line: index + 1, message, matches: patternOf(message) }];
  });
  return { path, folders: folders.split(/,\s*/).filter(Boolean), entries };
}

function patternOf(message: string): RegExp {
  const parts = message.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}

/** A row that matches every message would make the comparison worthless. */
function wordless({ page, line, message }: Entry): string[] {
  const isWordless = !/[a-z]{4}/i.test(message);
  return isWordless ? [`${page}:${line}: ${message}: expected a word of the message`] : [];
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") });
  const isShipped = (path: string) => isSource(path) && !/\/(?:fixtures|testing)\//.test(path);
  const documents = filesBelow(root, "docs/errors").map(read);
  const sources = packageSources(root).filter(isShipped).map(read);
  const problems = findWrongEntries(documents, sources);
  const count = documents.flatMap((document) => readPage(document).entries).length;
  console.log([...problems, `${count} messages and families explained`].join("\n"));
  return problems.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
