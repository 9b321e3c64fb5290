/**
 * Writes tools/earlier-pages.json, the headings of the pages of earlier revisions, which tags name as
 * `@spec 2025-11-25/basic/transports#stdio`:
 *
 *     node --import tsx tools/earlier-pages.ts <folder of a revision>...
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readSpecPages } from "./spec-pages.ts";

/** The slugs of headings, by revision and page, such as `2025-11-25/basic/transports`. */
export type EarlierPages = Readonly<Record<string, readonly string[]>>;

export const earlierPagesFile: string = fileURLToPath(
  new URL("earlier-pages.json", import.meta.url),
);

export function readEarlierPages(): EarlierPages {
  return JSON.parse(readFileSync(earlierPagesFile, "utf8"));
}

/** Returns true for a tag that names a page of an earlier revision. */
export function isEarlierPage(page: string): boolean {
  return /^\d{4}-\d{2}-\d{2}\//.test(page);
}

function headingsBelow(folder: string): [string, readonly string[]][] {
  const { pages } = readSpecPages(folder);
  return Object.entries(pages).map(([page, { headings }]) => {
    return [`${basename(folder)}/${page}`, Object.keys(headings)];
  });
}

function main(folders: readonly string[]): void {
  if (folders.length === 0) throw new TypeError("expected folders of revisions");
  const pages: EarlierPages = Object.fromEntries(folders.flatMap(headingsBelow));
  const lines = Object.entries(pages).map(([page, headings]) => {
    return `  ${JSON.stringify(page)}: ${JSON.stringify(headings)}`;
  });
  writeFileSync(earlierPagesFile, `{\n${lines.join(",\n")}\n}\n`);
  console.log(`${lines.length} pages`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
