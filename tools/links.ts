/**
 * Checks that relative links in the documents name files and headings that exist:
 *
 *     node --import tsx tools/links.ts
 */
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { anchorsOf, withoutFences } from "./anchors.ts";
import { filesBelow } from "./files.ts";

export interface Document {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const leftOut = /^test\/spec\/published\//;

/** Returns the links that lead nowhere, as `path:line: message`. */
export function findBroken(
  documents: readonly Document[],
  exists: (path: string) => boolean,
): string[] {
  const anchors = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]));
  return documents.flatMap(({ path, text }) =>
    linksOf(text).flatMap(({ line, target }) => {
      const fault = faultOf(path, target, anchors, exists);
      return fault === undefined ? [] : [`${path}:${line}: ${fault}`];
    }),
  );
}

function faultOf(
  from: string,
  target: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
  exists: (path: string) => boolean,
): string | undefined {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.join(posix.dirname(from), decodeURI(file));
  if (!exists(path)) return `expected a file at ${path}`;
  if (anchor === undefined || !path.endsWith(".md")) return undefined;
  return anchors.get(path)?.has(anchor) ? undefined : `expected a heading #${anchor} in ${path}`;
}

/** The relative targets of links, with their lines. */
function linksOf(text: string): { readonly line: number; readonly target: string }[] {
  return relativeLinks(text).map(({ index, target }) => {
    return { line: text.slice(0, index).split("\n").length, target };
  });
}

/** Returns the text with another target in each relative link. */
export function replaceLinks(text: string, replace: (target: string) => string): string {
  let end = 0;
  const parts = relativeLinks(text).flatMap(({ index, target }) => {
    const before = text.slice(end, index);
    end = index + target.length;
    return [before, replace(target)];
  });
  return [...parts, text.slice(end)].join("");
}

/** Inline links outside code, without those that have a scheme. */
function relativeLinks(text: string): { readonly index: number; readonly target: string }[] {
  return [...withoutCode(text).matchAll(/(\]\(<?)([^)\s>]+)>?\)/g)]
    .map(({ index, 1: before = "", 2: target = "" }) => ({ index: index + before.length, target }))
    .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]+`/g, (code) => code.replace(/[^\n[\]]/g, " "));
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const documents = filesBelow(root, ".")
    .filter((path) => path.endsWith(".md") && !leftOut.test(path))
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") }));
  const broken = findBroken(documents, (path) => existsSync(`${root}/${path}`));
  console.log([...broken, `${documents.length} documents`].join("\n"));
  return broken.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
