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
  const exports = await load(file, module);
  if (isServer(exports.default)) return exports.default;
  const found = exports.default === undefined ? "nothing" : "something else";
  throw new CommandError(
    `cannot serve ${module}: expected a server as its default export, found ${found}; ` +
      "write: export default createServer({ ... })",
  );
}

async function load(file: string, shown: string): Promise<{ readonly default?: unknown }> {
  try {
    if (isTypeScript(file) && !runsTypeScript()) {
      const { register } = await import("tsx/esm/api");
      register();
    }
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new CommandError(`cannot load ${shown}: ${stackOf(error)}`);
  }
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

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
