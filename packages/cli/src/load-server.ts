import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Server } from "lutra/server";
import { CommandError } from "./command-error.ts";
import { untilLoaded } from "./loading.ts";
import { filesImported, importAgain, importModule } from "./modules/import-module.ts";
import { withoutLoadNumbers } from "./modules/source-path.ts";

export interface LoadOptions {
  /** Called if loading takes long. @default prints a message */
  readonly onSlow?: (() => void) | undefined;
  /** True to load the module, and the local modules that it imports, again. @default false */
  readonly again?: boolean;
}

/**
 * Loads the server that a module exports by default. TypeScript runs without a build step.
 *
 * @throws {CommandError} if the file does not exist, fails to load or does not export a server
 */
export async function loadServer(module: string, options: LoadOptions = {}): Promise<Server> {
  const found = await loadDefault(module, options);
  if (isServer(found)) return found;
  throw new CommandError(
    `cannot serve ${module}: its default export is ${found === undefined ? "missing" : "not a server"}; ` +
      "write: export default createServer({ ... })",
  );
}

/**
 * Loads a module and returns its default export, or undefined if it has none.
 *
 * @throws {CommandError} if the file does not exist, is a folder or fails to load
 */
export async function loadDefault(module: string, options: LoadOptions = {}): Promise<unknown> {
  const file = resolve(module);
  if (!existsSync(file) || statSync(file).isDirectory()) {
    throw new CommandError(`cannot load ${module}: no such file`);
  }
  return defaultOf(await load(file, module, options));
}

interface Exports {
  readonly default?: unknown;
}

/** Returns the default export; modules compiled to CommonJS wrap it in another object. */
function defaultOf({ default: found }: Exports): unknown {
  const isWrapped = typeof found === "object" && found !== null && "__esModule" in found;
  return isWrapped ? (found as Exports).default : found;
}

async function load(
  file: string,
  shown: string,
  { onSlow, again = false }: LoadOptions,
): Promise<Exports> {
  try {
    const loading = again ? importAgain(file) : importModule(file);
    return await untilLoaded(shown, loading, onSlow);
  } catch (error) {
    const reason = error instanceof CommandError ? error.message : await describe(error, file);
    throw new CommandError(`cannot load ${shown}: ${withoutLoadNumbers(reason)}`);
  }
}

/** Returns the stack of an error. Node does not say in which file of JavaScript a syntax error is. */
async function describe(error: unknown, file: string): Promise<string> {
  const stack = stackOf(error);
  if (!/^SyntaxError: /.test(stack)) return stack;
  const { compile } = await import("./modules/compile.ts");
  for (const path of [file, ...filesImported()].filter(isJavaScript)) {
    try {
      compile(path);
    } catch (found) {
      return stackOf(found).split("\n")[0] ?? stack;
    }
  }
  return stack;
}

function isJavaScript(path: string): boolean {
  return /\.[cm]?jsx?$/.test(path);
}

/** Recognises a server by its methods, because the module may use another copy of the package. */
function isServer(value: unknown): value is Server {
  if (typeof value !== "object" || value === null) return false;
  const { serve, share, close } = value as Partial<Server>;
  return [serve, share, close].every((method) => typeof method === "function");
}

/** Returns the message, and the stack frames outside of Node and of this program. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n");
  return lines.filter((line) => !isForeignFrame(line)).join("\n");
}

const ownFolder = new URL(".", import.meta.url).href;

/** True for stack frames of Node and of this program, which do not help the user. */
function isForeignFrame(line: string): boolean {
  return line.startsWith("    at ") && (line.includes("node:") || line.includes(ownFolder));
}
