/**
 * Writes tools/spec-pages.json from the pages of a checked-out specification:
 *
 *     node --import tsx tools/spec-pages.ts <folder of the revision> [ext-tasks=<its folder>]
 *
 * Pages of extensions have the name of their repository in front.
 * The file holds the names of pages and headings and how many sentences with a MUST each has,
 * never the text.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow } from "./files.ts";

export interface SpecPage {
  /** Sentences with a MUST before the first heading. */
  readonly must: number;
  /** Slug of each heading, in the page's order, to the sentences with a MUST below it. */
  readonly headings: Readonly<Record<string, number>>;
}

export interface SpecPages {
  readonly revision: string;
  readonly pages: Readonly<Record<string, SpecPage>>;
}

export const specPagesFile: string = fileURLToPath(new URL("spec-pages.json", import.meta.url));

/** The reference repeats the schema, the change log repeats the pages. */
const leftOut = new Set(["schema.mdx", "changelog.mdx"]);

/** Reads every page below `folder`; the folder's name is the revision. */
export function readSpecPages(folder: string): SpecPages {
  return { revision: basename(folder), pages: pagesBelow(folder) };
}

function pagesBelow(folder: string): SpecPages["pages"] {
  const files = filesBelow(folder, ".").filter(
    (path) => /\.mdx?$/.test(path) && !leftOut.has(path),
  );
  const pages = files.map((path) => {
    const page = parsePage(readFileSync(`${folder}/${path}`, "utf8"));
    return [path.replace(/\.mdx?$/, ""), page] as const;
  });
  return Object.fromEntries(pages);
}

/** The pages of an extension, given as `name=folder`. */
function readExtension(argument: string): SpecPages["pages"] {
  const [name, folder] = argument.split("=");
  if (name === undefined || folder === undefined) throw new TypeError("expected name=folder");
  const pages = Object.entries(pagesBelow(folder));
  return Object.fromEntries(pages.map(([page, found]) => [`${name}/${page}`, found]));
}

/** Counts the rules under each heading of a page, leaving out front matter and code. */
export function parsePage(source: string): SpecPage {
  const headings: Record<string, number> = {};
  let slug: string | undefined;
  let must = 0;
  let section: string[] = [];

  const closeSection = () => {
    const count = countMust(section);
    if (slug === undefined) must = count;
    else headings[slug] = count;
    section = [];
  };

  for (const line of proseLines(source)) {
    const title = /^#{1,6}\s+(.+)$/.exec(line)?.[1];
    if (title === undefined) {
      section.push(line);
      continue;
    }
    closeSection();
    slug = unusedSlug(slugOf(title), headings);
  }
  closeSection();
  return { must, headings };
}

/**
 * The fragment of a heading's link: lower case, no punctuation, hyphens for spaces. Renderers
 * disagree on two points, so runs of hyphens become one and a leading underscore goes.
 */
export function slugOf(title: string): string {
  const text = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  const kept = text.replace(/[^\p{L}\p{N}\s_-]/gu, "").trim();
  return kept.replace(/[\s-]+/g, "-").replace(/^_+/, "");
}

function unusedSlug(slug: string, headings: Readonly<Record<string, number>>): string {
  let candidate = slug;
  for (let count = 1; candidate in headings; count += 1) candidate = `${slug}-${count}`;
  return candidate;
}

/** The lines outside front matter, comments and fenced code. */
function proseLines(source: string): string[] {
  const body = source.replace(/^---\n[\s\S]*?\n---\n/, "").replace(/\{\/\*[\s\S]*?\*\/\}/g, "");
  let fence: string | undefined;
  return body.split("\n").filter((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark === undefined) return true;
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence)) fence = undefined;
    return false;
  });
}

/** A paragraph, a list item or a table row ends a sentence as a full stop does. */
function countMust(lines: readonly string[]): number {
  const blocks = lines.join("\n").split(/\n\s*(?=\n|[-*+]\s|\d+\.\s|\||<)/);
  const sentences = blocks.flatMap((block) => block.replace(/\s+/g, " ").split(/(?<=[.!?])\s/));
  return sentences.filter((sentence) => /(?<!["“])\bMUST\b/.test(sentence)).length;
}

function main([folder, ...extensions]: readonly string[]): void {
  if (folder === undefined) throw new TypeError("expected the folder of a specification revision");
  const core = readSpecPages(folder);
  const pages = Object.assign({}, core.pages, ...extensions.map(readExtension));
  const found = { ...core, pages };
  writeFileSync(specPagesFile, `${JSON.stringify(found, null, 2)}\n`);
  console.log(`${Object.keys(found.pages).length} pages of ${found.revision}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
