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
   * Imports a module by its absolute path; resolves to its namespace. TypeScript needs one that can
   * run it. @default `import()`, anew for each change of the file
   */
  readonly importModule?: (file: string) => Promise<unknown>;
  /** What `${NAME}` stands for in YAML and JSON. @default process.env */
  readonly environment?: Environment;
}

export interface LoadedConfig extends ParsedConfig {
  /** The absolute path. */
  readonly file: string;
}

/** The endings of files that can be loaded. */
export const configEndings = [".ts", ".mts", ".js", ".mjs", ".yaml", ".yml", ".json"] as const;

/**
 * Loads the configuration that a TypeScript or JavaScript module exports by default, or that a YAML
 * or JSON file holds. Paths inside it are taken from where the file is.
 *
 * @throws {ConfigError} with every problem there is
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const path = resolve(file);
  const ending = extname(path);
  if (!configEndings.some((known) => known === ending)) {
    throw problem(file, `expected a file that ends in ${configEndings.join(", ")}`);
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
  if (cause instanceof TypeError) return "expected UTF-8";
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "expected a file, there is none";
  return code === "EISDIR" ? "expected a file, got a folder" : "expected a file that can be read";
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
      ? "expected a way to run TypeScript; give importModule, or write YAML, JSON or JavaScript"
      : `expected a module that can be imported: ${cause instanceof Error ? cause.message : cause}`;
    throw problem(file, why, cause);
  }
}

let imports = 0;

/** Node keeps each module it has imported under its URL, and the old one with it: a few are no harm. */
async function importFresh(path: string): Promise<unknown> {
  imports += 1;
  const url = pathToFileURL(path);
  if (imports > 1) url.searchParams.set("load", String(imports));
  return import(url.href);
}

/** What was compiled to CommonJS has its default export one level deeper. */
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

/** The file of a store is a path, too. */
function resolveStore(folder: string, url: string): string {
  const scheme = "sqlite:";
  return url.startsWith(scheme) ? scheme + resolve(folder, url.slice(scheme.length)) : url;
}

function problem(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, path: "", message }], { cause });
}
