/** The home page of the documentation site, from parts of README.md and the list of all pages. */
import { posix } from "node:path";
import { replaceLinks } from "./links.ts";

export interface HomeSources {
  readonly readme: string;
  /** The README of `create-lutra`. */
  readonly create: string;
  /** The list of all pages, and its path. */
  readonly index: string;
  readonly indexPath: string;
}

/**
 * Returns the Markdown of the home page, with links from the root of the repository.
 *
 * @throws {Error} if a document has no such part
 */
export function homeText({ readme, create, index, indexPath }: HomeSources): string {
  const from = posix.dirname(indexPath);
  const groups = replaceLinks(index, (target) => posix.join(from, target));
  const summary = part("README.md", readme, /^# Lutra\n\n(.+)$/m);
  return [
    "---",
    "layout: home",
    "hero:",
    "  name: Lutra",
    `  text: ${JSON.stringify(firstClause(summary))}`,
    `  tagline: ${JSON.stringify(afterFirstClause(summary))}`,
    "  actions:",
    "    - { theme: brand, text: Begin, link: /overview.html }",
    "    - { theme: alt, text: All pages, link: /contents.html }",
    "---",
    "",
    '<div class="pair">',
    "<div>",
    "",
    "## Create a server",
    "",
    part("packages/create-lutra/README.md", create, /^(```sh\n[\s\S]*?^```)$/m),
    "",
    "## Serve it",
    "",
    part("README.md", readme, /^\*\*A fleet\*\*[^\n]*\n\n(```sh\n[\s\S]*?^```)$/m),
    "",
    "</div>",
    "<div>",
    "",
    "## The server",
    "",
    part("README.md", readme, /^\*\*A server\*\*[^\n]*\n\n(```ts\n[\s\S]*?^```)$/m),
    "",
    "</div>",
    "</div>",
    "",
    part("README.md", readme, /^(## Performance\n[\s\S]*?)(?=^## )/m).trimEnd(),
    "",
    '<div class="groups">',
    ...groups
      .split(/^(?=## )/m)
      .slice(1)
      .flatMap((group) => ["<div>", "", withoutDetails(group).trimEnd(), "", "</div>"]),
    "</div>",
    "",
  ].join("\n");
}

function part(path: string, text: string, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`${path}: expected text that matches ${pattern}`);
  return found;
}

/** Leaves the links of a list, without the text after them. */
function withoutDetails(list: string): string {
  return list.replace(/^(- \[[^\]]+\]\([^)]+\)):.*$/gm, "$1");
}

function firstClause(summary: string): string {
  return summary.slice(0, summary.indexOf(": "));
}

function afterFirstClause(summary: string): string {
  const rest = summary.slice(summary.indexOf(": ") + 2);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
