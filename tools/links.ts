/**
 * Checks that relative links in the documents name files and headings that exist:
 *
 *     node --import tsx tools/links.ts
 */
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
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

/** The targets of inline links outside code, without those that have a scheme. */
function linksOf(text: string): { readonly line: number; readonly target: string }[] {
  return withoutCode(text)
    .split("\n")
    .flatMap((content, index) =>
      [...content.matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map(([, target = ""]) => {
        return { line: index + 1, target };
      }),
    )
    .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));
}

/** The anchors of all headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const found = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, title = ""] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*$/gm)) {
    const anchor = title
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    found.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return found;
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]+`/g, (code) => code.replace(/[^\n[\]]/g, " "));
}

/** Blanks fenced code and keeps the lines. */
function withoutFences(text: string): string {
  return text.replace(/^(`{3,})[\s\S]*?^\1\s*$/gm, (code) => code.replace(/[^\n]/g, ""));
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
