/** Finds the file that an import of a local module means. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The endings that a TypeScript import may leave out, in order of precedence. */
const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json"];

/** The TypeScript endings of the files that a compiler would write with these endings. */
const sourceEndings: { readonly [compiled: string]: readonly string[] } = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/**
 * The query parameter that numbers the loads of a module that can change. Node loads a module again
 * only under another URL.
 */
const loadParameter = "load";

/** Returns the URL under which Node loads the file for the given time. */
export function urlOfLoad(file: string, load: number): string {
  const url = pathToFileURL(file);
  url.searchParams.set(loadParameter, String(load));
  return url.href;
}

/** Removes the numbers of loads from the URLs in a text, such as a stack trace. */
export function withoutLoadNumbers(text: string): string {
  return text.replaceAll(new RegExp(`\\?${loadParameter}=\\d+`, "g"), "");
}

/** True for the URL of a module that can change. */
export function isLoadedAgain(url: string): boolean {
  return url.startsWith("file:") && new URL(url).searchParams.has(loadParameter);
}

/** True for the path or URL of a TypeScript file. */
export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?(?:\?.*)?$/.test(path);
}

/**
 * Returns the specifier that Node resolves in place of the given one: the URL of the file that a
 * TypeScript module means by `./dep`, `./dep.js` or `./folder`. Modules that a module imports
 * locally are loaded again with it. Other specifiers are returned unchanged.
 */
export function redirect(specifier: string, parentUrl: string | undefined): string {
  if (!parentUrl?.startsWith("file:") || !isLocal(specifier)) return specifier;
  const parent = new URL(parentUrl);
  const load = parent.searchParams.get(loadParameter);
  if (load === null && !isTypeScript(parent.pathname)) return specifier;
  const target = new URL(specifier, parent);
  if (target.protocol !== "file:") return specifier;
  const path = fileURLToPath(target);
  const found = isTypeScript(parent.pathname) ? candidatesFor(path).find(isFile) : path;
  if (found === undefined) return specifier;
  const url = pathToFileURL(found);
  url.search = target.search;
  if (load !== null) url.searchParams.set(loadParameter, load);
  return url.href;
}

/** True for paths and file URLs. Packages and Node's own modules are loaded only once. */
function isLocal(specifier: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$|file:)/.test(specifier);
}

function candidatesFor(path: string): readonly string[] {
  const [ending = ""] = /\.[cm]?jsx?$/.exec(path) ?? [];
  const stem = path.slice(0, path.length - ending.length);
  return [
    ...(sourceEndings[ending] ?? []).map((source) => stem + source),
    path,
    ...endings.map((one) => path + one),
    ...endings.map((one) => join(path, `index${one}`)),
  ];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
