/** Imports the modules of the user. */
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { registerTypeScript, takeLoadedFiles } from "./register.ts";
import { isTypeScript, urlOfLoad } from "./source-path.ts";

interface Exports {
  readonly default?: unknown;
}

/** Imports a JavaScript or TypeScript file by its absolute path. */
export async function importModule(file: string): Promise<Exports> {
  if (isTypeScript(file)) await registerTypeScript();
  return await import(pathToFileURL(file).href);
}

const imported = new Set<string>();
let loads = 0;
let isFollowingReads = false;

/**
 * Imports a JavaScript or TypeScript file that can change, by its absolute path. Each call loads the
 * file, and the local files that it imports, again. Node never frees earlier versions.
 */
export async function importAgain(file: string): Promise<Exports> {
  await registerTypeScript();
  await followReads();
  for (const path of required()) delete require.cache[path];
  loads += 1;
  return await import(urlOfLoad(file, loads));
}

/** Adds the files that definitions of the modules read, such as pages of apps. */
async function followReads(): Promise<void> {
  if (isFollowingReads) return;
  isFollowingReads = true;
  const { filesReadChannel } = await import("lutra/internal");
  subscribe(filesReadChannel, (path) => {
    imported.add(path instanceof URL ? fileURLToPath(path) : resolve(String(path)));
  });
}

/** Returns the paths of all files that `importAgain` has loaded, and of those that they have read. */
export function filesImported(): readonly string[] {
  for (const path of [...takeLoadedFiles(), ...required()]) imported.add(path);
  return [...imported];
}

const require = createRequire(import.meta.url);

/** Returns the paths of the CommonJS modules that do not belong to a package. */
function required(): readonly string[] {
  return Object.keys(require.cache).filter((path) => !/[\\/]node_modules[\\/]/.test(path));
}
