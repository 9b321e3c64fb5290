import { existsSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Server } from "lutra/server";
import { CommandError } from "./command-error.ts";

/**
 * Loads the server that a module exports by default. TypeScript runs as it is, on older versions
 * of Node with the help of tsx.
 *
 * @throws {CommandError} when there is no such file, it fails while it runs, or exports no server
 */
export async function loadServer(module: string): Promise<Server> {
  const file = resolve(module);
  if (!existsSync(file) || statSync(file).isDirectory()) {
    throw new CommandError(`cannot load ${module}: there is no such file`);
  }
  const found = defaultOf(await load(file, module));
  if (isServer(found)) return found;
  throw new CommandError(
    `cannot serve ${module}: its default export is ${found === undefined ? "missing" : "no server"}; ` +
      "write: export default createServer({ ... })",
  );
}

interface Exports {
  readonly default?: unknown;
}

/** What was compiled to CommonJS has its default export one level deeper. */
function defaultOf({ default: found }: Exports): unknown {
  const isWrapped = typeof found === "object" && found !== null && "__esModule" in found;
  return isWrapped ? (found as Exports).default : found;
}

async function load(file: string, shown: string): Promise<Exports> {
  try {
    return await importModule(file);
  } catch (error) {
    throw new CommandError(`cannot load ${shown}: ${stackOf(error)}`);
  }
}

let imports = 0;
let isRegistered = false;

/** Imports a JavaScript or TypeScript file by its absolute path, each time anew. */
export async function importModule(file: string): Promise<Exports> {
  if (isTypeScript(file) && !runsTypeScript() && !isRegistered) {
    isRegistered = true;
    // A module without "type": "module" in its package.json is loaded as CommonJS.
    for (const { register } of [await import("tsx/cjs/api"), await import("tsx/esm/api")]) {
      register();
    }
  }
  imports += 1;
  const url = pathToFileURL(file);
  if (imports > 1) url.searchParams.set("load", String(imports));
  return await import(url.href);
}

function isTypeScript(file: string): boolean {
  return [".ts", ".tsx", ".mts", ".cts"].includes(extname(file));
}

/** True on a Node that takes the types away by itself. */
function runsTypeScript(): boolean {
  // Node 20 and its types do not know the flag.
  return "typescript" in process.features && Boolean(process.features.typescript);
}

/** The module may come with another copy of this package, so its shape decides. */
function isServer(value: unknown): value is Server {
  if (typeof value !== "object" || value === null) return false;
  const { serve, share, close } = value as Partial<Server>;
  return [serve, share, close].every((method) => typeof method === "function");
}

/** The message, and where in the user's own code it comes from. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n");
  return lines.filter((line) => !isForeignFrame(line)).join("\n");
}

const ownFolder = new URL(".", import.meta.url).href;

/** Frames of Node, of what compiles TypeScript and of this program say nothing about a module. */
function isForeignFrame(line: string): boolean {
  if (!line.startsWith("    at ")) return false;
  return /node:|[\\/]node_modules[\\/](?:tsx|esbuild)[\\/]/.test(line) || line.includes(ownFolder);
}
