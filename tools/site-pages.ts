/**
 * The pages of the documentation site: docs/README.md, and every document that the links of another
 * page name. Links to other files lead to the repository.
 */
import { posix } from "node:path";
import { titleOf } from "./anchors.ts";
import { replaceLinks } from "./links.ts";

export interface SitePage {
  /** The document, from the root of the repository. */
  readonly source: string;
  /** The page, from the root of the site. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
}

export interface Sources {
  /** Returns the text of a document, or `undefined` for any other file and for folders. */
  readonly read: (path: string) => string | undefined;
  /** The address of the files in the repository, such as `https://host/owner/name/blob/main`. */
  readonly filesUrl: string;
}

/** The list of all pages, which the site shows as its navigation, too. */
export const indexPath = "docs/README.md";

/** Documents that have another name on the site, where `index.md` is the home page. */
const renamed: { readonly [source: string]: string } = {
  "README.md": "overview.md",
  [indexPath]: "contents.md",
};

/** Returns all pages, without the home page. */
export function sitePages(sources: Sources): readonly SitePage[] {
  const texts = new Map<string, string>();
  const waiting = [indexPath];
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    const text = texts.has(source) ? undefined : sources.read(source);
    if (text === undefined) continue;
    texts.set(source, text);
    const from = source;
    replaceLinks(text, (target) => {
      waiting.push(fileOf(from, target));
      return target;
    });
  }
  const isPage = (source: string) => texts.has(source);
  return [...texts].map(([source, text]) => ({
    source,
    path: pathOf(source),
    title: titleOf(text) ?? source,
    text: siteText(source, pathOf(source), text, { isPage, filesUrl: sources.filesUrl }),
  }));
}

interface Targets {
  readonly isPage: (source: string) => boolean;
  readonly filesUrl: string;
}

/** Returns the text of a document on the site: without comments, and with the links of `path`. */
export function siteText(source: string, path: string, text: string, targets: Targets): string {
  const linked = replaceLinks(text, (target) => {
    const file = fileOf(source, target);
    const anchor = target.includes("#") ? target.slice(target.indexOf("#")) : "";
    if (!targets.isPage(file)) return `${targets.filesUrl}/${file}${anchor}`;
    return posix.relative(posix.dirname(path), pathOf(file)) + anchor;
  });
  return linked.replace(/^<!-- [\s\S]*?-->\n/gm, "");
}

/** The file that a relative link names; a folder is its README.md. */
function fileOf(source: string, target: string): string {
  const [file = ""] = target.split("#");
  if (file === "") return source;
  const path = posix.join(posix.dirname(source), decodeURI(file));
  return path.endsWith("/") ? `${path}README.md` : path;
}

/** The page of a document: `docs/api/README.md` becomes `api/index.md`. */
function pathOf(source: string): string {
  const known = renamed[source];
  if (known !== undefined) return known;
  return source
    .replace(/^docs\//, "")
    .replace(/README\.md$/, "index.md")
    .toLowerCase();
}
