import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Server } from "lutra/server";
import { CommandError } from "./command-error.ts";
import { untilLoaded } from "./loading.ts";
import { importModule } from "./modules/import-module.ts";

/**
 * Loads the server that a module exports by default. TypeScript runs without a build step.
 *
 * @param onSlow Called if loading takes long. @default prints a message
 * @throws {CommandError} if the file does not exist, fails to load or does not export a server
 */
export async function loadServer(module: string, onSlow?: () => void): Promise<Server> {
  const found = await loadDefault(module, onSlow);
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
export async function loadDefault(module: string, onSlow?: () => void): Promise<unknown> {
  const file = resolve(module);
  if (!existsSync(file) || statSync(file).isDirectory()) {
    throw new CommandError(`cannot load ${module}: no such file`);
  }
  return defaultOf(await load(file, module, onSlow));
}

interface Exports {
  readonly default?: unknown;
}

/** Returns the default export; modules compiled to CommonJS wrap it in another object. */
function defaultOf({ default: found }: Exports): unknown {
  const isWrapped = typeof found === "object" && found !== null && "__esModule" in found;
  return isWrapped ? (found as Exports).default : found;
}

async function load(file: string, shown: string, onSlow?: () => void): Promise<Exports> {
  try {
    return await untilLoaded(shown, importModule(file), onSlow);
  } catch (error) {
    const reason = error instanceof CommandError ? error.message : stackOf(error);
    throw new CommandError(`cannot load ${shown}: ${reason}`);
  }
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
