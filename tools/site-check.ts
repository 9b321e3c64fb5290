/**
 * Checks the built documentation site: that every internal link leads to a page and a heading, and that
 * no page loads anything from another origin:
 *
 *     node --import tsx tools/site-check.ts
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface BuiltFile {
  /** From the root of the site. */
  readonly path: string;
  readonly text: string;
}

/** Returns the faults of the files, as `path: message`. `paths` are all files of the site. */
export function siteFaults(files: readonly BuiltFile[], paths: readonly string[]): string[] {
  const known = new Set(paths);
  const ids = new Map(files.map(({ path, text }) => [path, idsOf(text)]));
  return files.flatMap(({ path, text }) =>
    [
      ...linksOf(text).map((link) => linkFault(path, link, known, ids)),
      ...loadedFrom(path, text).map((url) => `loads ${url} from another origin`),
    ].flatMap((fault) => (fault === undefined ? [] : [`${path}: ${fault}`])),
  );
}

function linkFault(
  from: string,
  link: string,
  known: ReadonlySet<string>,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const [target = "", anchor] = link.split("#");
  const path = target === "" ? from : fileOf(posix.join("/", posix.dirname(from), target), target);
  if (!known.has(path)) return `expected a file at ${path}, for the link ${link}`;
  if (!anchor || !path.endsWith(".html")) return undefined;
  const isHeading = ids.get(path)?.has(decodeURIComponent(anchor));
  return isHeading ? undefined : `expected a heading #${anchor} in ${path}`;
}

function fileOf(relative: string, target: string): string {
  const path = target.startsWith("/") ? target : relative;
  return `${path}${path.endsWith("/") ? "index.html" : ""}`.slice(1);
}

/** The targets of links within the site. */
function linksOf(html: string): string[] {
  return valuesOf(html, /<a\b[^>]*?\shref="([^"]*)"/g).filter(
    (url) => !/^[a-z][a-z+.-]*:/i.test(url),
  );
}

function idsOf(html: string): Set<string> {
  return new Set(valuesOf(html, /\sid="([^"]*)"/g));
}

/** The addresses on other origins from which a page or a style sheet loads something. */
function loadedFrom(path: string, text: string): string[] {
  const patterns = path.endsWith(".css")
    ? [/url\(["']?([^"')]+)/g, /@import\s+["']([^"']+)/g]
    : [
        /<(?:script|img|source|iframe|video|audio)\b[^>]*?\ssrc="([^"]*)"/g,
        /<link\b[^>]*?\shref="([^"]*)"/g,
      ];
  return patterns
    .flatMap((each) => valuesOf(text, each))
    .filter((url) => /^(?:https?:)?\/\//i.test(url));
}

function valuesOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, value = ""]) => value.replaceAll("&amp;", "&"));
}

function main(): number {
  const folder = fileURLToPath(new URL("../site/dist", import.meta.url));
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = paths
    .filter((path) => /\.(?:html|css)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
  const faults = siteFaults(files, paths);
  console.log([...faults, `${files.length} pages and style sheets`].join("\n"));
  return faults.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
