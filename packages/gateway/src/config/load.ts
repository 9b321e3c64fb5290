/** Loads a configuration from a file. */
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError } from "./config-error.ts";
import type { Environment } from "./environment.ts";
import { type ParsedConfig, parseConfig } from "./parse-config.ts";
import { readDocument } from "./read-document.ts";
import type { UpstreamConfig } from "./schema.ts";

export interface LoadOptions {
  /**
   * Imports a module by its absolute path; resolves to its namespace. Needed for TypeScript where
   * Node can't run it. @default `import()`, which loads the file again on each call
   */
  readonly importModule?: (file: string) => Promise<unknown>;
  /** The values of `${NAME}` in YAML and JSON. @default process.env */
  readonly environment?: Environment;
}

export interface LoadedConfig extends ParsedConfig {
  /** The absolute path of the file. */
  readonly file: string;
}

/** The supported file extensions. */
const configEndings = [".ts", ".mts", ".js", ".mjs", ".yaml", ".yml", ".json"] as const;

/**
 * Loads a configuration from the default export of a TypeScript or JavaScript module, or from a
 * YAML or JSON file. Relative paths in it are resolved against the folder of the file.
 *
 * @throws {ConfigError} listing every problem
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const path = resolve(file);
  const ending = extname(path);
  if (!configEndings.some((known) => known === ending)) {
    throw problem(file, `expected a file name that ends in one of ${configEndings.join(", ")}`);
  }
  const isText = [".yaml", ".yml", ".json"].includes(ending);
  const parsed = isText
    ? await fromText(file, path, options)
    : await fromModule(file, path, options);
  return { ...parsed, config: resolvePaths(parsed.config, dirname(path)), file: path };
}

async function fromText(file: string, path: string, options: LoadOptions): Promise<ParsedConfig> {
  const text = await read(file, path);
  const document = readDocument(file, text, options.environment ?? process.env);
  if (document.problems.length > 0) throw new ConfigError(document.problems);
  return parseConfig(document.value, file, document);
}

async function read(file: string, path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw problem(file, reasonOf(cause), cause);
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof TypeError) return "expected a file in UTF-8";
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "expected a file, but it does not exist";
  return code === "EISDIR" ? "expected a file, got a folder" : "expected a readable file";
}

async function fromModule(file: string, path: string, options: LoadOptions): Promise<ParsedConfig> {
  await read(file, path);
  const { importModule = importFresh } = options;
  const config = defaultOf(await importOrExplain(file, () => importModule(path)));
  if (config !== undefined) return parseConfig(config, file);
  throw problem(file, "expected a default export; write: export default defineGateway({ ... })");
}

async function importOrExplain(file: string, load: () => Promise<unknown>): Promise<unknown> {
  try {
    return await load();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const isUnknown = code === "ERR_UNKNOWN_FILE_EXTENSION";
    const why = isUnknown
      ? "this version of Node can't run TypeScript; pass importModule, or use YAML, JSON or JavaScript"
      : `the module failed to load: ${cause instanceof Error ? cause.message : cause}`;
    throw problem(file, why, cause);
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

function resolvePaths(config: CompleteConfig, folder: string): CompleteConfig {
  const { log } = config;
  const upstreams = Object.entries(config.upstreams).map(
    ([name, { cwd, module, store, ...rest }]): [string, UpstreamConfig] => [
      name,
      {
        ...rest,
        ...(cwd !== undefined && { cwd: resolve(folder, cwd) }),
        ...(module !== undefined && { module: resolve(folder, module) }),
        ...(store !== undefined && { store: resolveStore(folder, store) }),
      },
    ],
  );
  return {
    ...config,
    upstreams: Object.fromEntries(upstreams),
    log:
      log !== false && log.file !== undefined ? { ...log, file: resolve(folder, log.file) } : log,
  };
}

/** Resolves the path in the URL of a SQLite store. */
function resolveStore(folder: string, url: string): string {
  const scheme = "sqlite:";
  return url.startsWith(scheme) ? scheme + resolve(folder, url.slice(scheme.length)) : url;
}

function problem(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, path: "", message }], { cause });
}
