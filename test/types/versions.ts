/** The versions of TypeScript that are tried. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../scripts/steps.mjs";

/** The last minor version before the supported ones, the supported ones, and the newest major ones. */
export const typescriptVersions: readonly string[] = [
  "5.3",
  "5.4",
  "5.5",
  "5.6",
  "5.7",
  "5.8",
  "5.9",
  "6.0",
  "7.0",
];

export const resolutions = ["node16", "nodenext", "bundler"] as const;

export type Resolution = (typeof resolutions)[number];

export function isSupported(version: string): boolean {
  return version !== "5.3";
}

/** Installs a version, and returns its folder. */
export async function typescriptOf(version: string): Promise<string> {
  const folder = join(root, "node_modules/.cache/lutra/types", version);
  const installed = join(folder, "node_modules/typescript");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  if (installedVersion(installed)?.startsWith(`${version}.`) !== true) {
    const label = `installing TypeScript ${version}`;
    await installPackage(label, folder, `typescript@npm:typescript@~${version}.0`);
  }
  return installed;
}

/** Returns the version of a package, if it is installed. */
export function installedVersion(folder: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
