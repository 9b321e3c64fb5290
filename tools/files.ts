/** Finds the files that the tools of this folder read. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Folders of installed, built or recorded files. */
const leftOut = new Set([
  ".git",
  ".lutra",
  "node_modules",
  "dist",
  "dist.next",
  "out",
  "coverage",
  "generated",
]);

/** Every file below `folder` of `root`, as a sorted path from `root` with forward slashes. */
export function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found = readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) return [path];
    return entry.isDirectory() && !leftOut.has(entry.name) ? filesBelow(root, path) : [];
  });
  return found.sort();
}

/** TypeScript that is neither a test, nor a type test, nor a declaration. */
export function isSource(path: string): boolean {
  return /\.tsx?$/.test(path) && !/(?:\.test|\.test-d|\.d)\.tsx?$/.test(path);
}

/** The `src` folders of the packages. */
export function packageSources(root: string): string[] {
  return filesBelow(root, "packages").filter((path) => /^packages\/[^/]+\/src\//.test(path));
}
