/** Reads and imports the files of a configuration. */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ConfigError } from "./config-error.ts";

/** The place that errors name: the configuration file, and the key in it that names another file. */
export interface LoadPlace {
  readonly file: string;
  /** Empty for the configuration file itself. */
  readonly key: string;
}

/** Imports a module by its absolute path; resolves to its namespace. */
export type ImportModule = (file: string) => Promise<unknown>;

/**
 * Reads a text file.
 *
 * @throws {ConfigError} for a file that does not exist or is not UTF-8
 */
export async function readText(place: LoadPlace, path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw loadProblem(place, reasonOf(cause), cause);
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof TypeError) return "expected a file in UTF-8";
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "expected a file, but it does not exist";
  return code === "EISDIR" ? "expected a file, got a folder" : "expected a readable file";
}

/**
 * Imports a module and returns its default export, or undefined if it has none.
 *
 * @param importModule By default `import()`, which loads the file again on each call
 * @throws {ConfigError} for a module that does not exist or fails to load
 */
export async function importDefault(
  place: LoadPlace,
  path: string,
  importModule: ImportModule = importFresh,
): Promise<unknown> {
  await readText(place, path);
  return defaultOf(await importOrExplain(place, () => importModule(path)));
}

async function importOrExplain(place: LoadPlace, load: () => Promise<unknown>): Promise<unknown> {
  try {
    return await load();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const isUnknown = code === "ERR_UNKNOWN_FILE_EXTENSION";
    const why = isUnknown
      ? "this version of Node can't run TypeScript; pass importModule, or use YAML, JSON or JavaScript"
      : `the module failed to load: ${cause instanceof Error ? cause.message : cause}`;
    throw loadProblem(place, why, cause);
  }
}

let imports = 0;

/** Imports a module under a new URL. Node never frees earlier versions, but reloads are rare. */
async function importFresh(path: string): Promise<unknown> {
  imports += 1;
  const url = pathToFileURL(path);
  if (imports > 1) url.searchParams.set("load", String(imports));
  return import(url.href);
}

/** Returns the default export; modules compiled to CommonJS wrap it in another object. */
function defaultOf(namespace: unknown): unknown {
  const found = exported(namespace);
  const isWrapped = typeof found === "object" && found !== null && "__esModule" in found;
  return isWrapped ? exported(found) : found;
}

function exported(namespace: unknown): unknown {
  if (typeof namespace !== "object" || namespace === null) return undefined;
  return "default" in namespace ? namespace.default : undefined;
}

/** Creates the error for a file that cannot be loaded. */
export function loadProblem(
  { file, key }: LoadPlace,
  message: string,
  cause?: unknown,
): ConfigError {
  return new ConfigError([{ file, path: key, message }], { cause });
}
