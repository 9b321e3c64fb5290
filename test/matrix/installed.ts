/** Programs of the matrix beside packages of other authors, which npm installs into the cache folder. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../scripts/steps.mjs";

/** Returns the folder of a client or server. */
export function folderOf(id: string): string {
  return join(root, "node_modules/.cache/lutra/matrix", id);
}

/** Installs packages, and copies programs beside them. */
export async function installBeside(
  { id, title }: { readonly id: string; readonly title: string },
  packages: readonly string[],
  programs: string,
): Promise<void> {
  const folder = folderOf(id);
  mkdirSync(folder, { recursive: true });
  if (!isInstalled(folder, packages)) {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    await installPackage(`installing ${title}`, folder, ...packages);
    writeFileSync(join(folder, "installed.json"), JSON.stringify(packages));
  }
  cpSync(programs, folder, { recursive: true });
}

function isInstalled(folder: string, packages: readonly string[]): boolean {
  try {
    return readFileSync(join(folder, "installed.json"), "utf8") === JSON.stringify(packages);
  } catch {
    return false;
  }
}
