/**
 * Writes tools/spec-pages.json from the pages of a checked-out specification:
 *
 *     node --import tsx tools/spec-pages.ts <folder of the revision> [ext-apps=<its folder> ext-skills=<its folder> ext-tasks=<its folder>]
 *
 * Pages of extensions have the name of their repository in front.
 * The file holds the names of pages and headings, and the level and a hash of each rule, never the
 * text. A rule is a sentence with a key word of BCP 14.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow } from "./files.ts";

export interface SpecPage {
  /** Rules before the first heading, such as `MUST 0a1b2c3d; SHOULD NOT 4e5f6a7b`. */
  readonly rules: string;
  /** Slug of each heading, in the page's order, to the rules below it. */
  readonly headings: Readonly<Record<string, string>>;
}

/** One rule of a page. */
export interface SpecRule {
  /** The key words of the sentence: `MUST`, `MUST NOT`, `SHOULD`, `SHOULD NOT`, or several. */
  readonly level: string;
  /** Changes with the wording of the sentence. */
  readonly hash: string;
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

/** Finds the rules under each heading of a page, leaving out front matter and code. */
export function parsePage(source: string): SpecPage {
  const headings: Record<string, string> = {};
  let slug: string | undefined;
  let rules = "";
  let section: string[] = [];

  const closeSection = () => {
    const found = rulesIn(section);
    if (slug === undefined) rules = found;
    else headings[slug] = found;
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
  return { rules, headings };
}

/** Parses the rules of one heading. */
export function parseRules(rules: string): SpecRule[] {
  const list = rules === "" ? [] : rules.split("; ");
  return list.map((rule) => {
    const [, level = "", hash = ""] = /^(.*) (\w+)$/.exec(rule) ?? [];
    return { level, hash };
  });
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

function unusedSlug(slug: string, headings: Readonly<Record<string, string>>): string {
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

/** The key words of BCP 14, unless they are quoted. */
const keyWords = /(?<!["“]|NOT )\b(?:(MUST|SHALL|SHOULD)( NOT)?|REQUIRED|(NOT )?RECOMMENDED)\b/g;

/** A paragraph, a list item or a table row ends a sentence as a full stop does. */
function rulesIn(lines: readonly string[]): string {
  const blocks = lines.join("\n").split(/\n\s*(?=\n|[-*+]\s|\d+\.\s|\||<)/);
  const sentences = blocks.flatMap((block) =>
    block
      .replace(/\s+/g, " ")
      .trim()
      .split(/(?<=[.!?])(?<!e\.g\.|i\.e\.)\s/),
  );
  const rules = sentences.map((sentence) => [levelOf(sentence), hashOf(sentence)] as const);
  return rules
    .filter(([level]) => level !== "")
    .map((rule) => rule.join(" "))
    .join("; ");
}

function levelOf(sentence: string): string {
  const words = [...sentence.matchAll(keyWords)].map(([word]) =>
    word
      .replace(/SHALL|REQUIRED/, "MUST")
      .replace("NOT RECOMMENDED", "SHOULD NOT")
      .replace("RECOMMENDED", "SHOULD"),
  );
  return [...new Set(words)].join(", ");
}

function hashOf(sentence: string): string {
  return createHash("sha256").update(sentence).digest("hex").slice(0, 8);
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
