/** The navigation of the documentation site: the groups and entries of docs/README.md. */
import { posix } from "node:path";
import { itemsOf } from "./llms.ts";
import type { SitePage } from "./site-pages.ts";

/** An entry in the format of the site generator. */
export interface NavigationItem {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly NavigationItem[];
}

/**
 * Returns the groups of the index in their order. An entry for the index of a folder contains the
 * pages of this folder.
 *
 * @throws {Error} for an entry without a page
 */
export function navigationOf(index: string, pages: readonly SitePage[]): readonly NavigationItem[] {
  const [, ...groups] = index.split(/^## /m);
  return groups.map((group) => ({
    text: group.slice(0, group.indexOf("\n")),
    items: itemsOf(group).map(({ path, task }) => itemOf(path, task, pages)),
  }));
}

function itemOf(source: string, task: string, pages: readonly SitePage[]): NavigationItem {
  const file = source.endsWith("/") ? `${source}README.md` : source;
  const page = pages.find((each) => each.source === file);
  if (page === undefined) throw new Error(`docs/README.md: expected a page at ${source}`);
  const item = { text: task.charAt(0).toUpperCase() + task.slice(1), link: linkOf(page) };
  if (posix.basename(page.path) !== "index.md") return item;
  const folder = posix.dirname(page.path);
  const inside = pages
    .filter((each) => each !== page && posix.dirname(each.path) === folder)
    .sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }))
    .map((each) => ({ text: each.title, link: linkOf(each) }));
  return { ...item, collapsed: true, items: inside };
}

function linkOf({ path }: SitePage): string {
  return `/${path.replace(/(?:index)?\.md$/, "")}`.replace(/([^/])$/, "$1.html");
}
