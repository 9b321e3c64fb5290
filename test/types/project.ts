/** A project of a user: the packed packages, those of others, and the programs that are compiled. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @ts-expect-error -- a script without declarations
import { npm, root } from "../../scripts/steps.mjs";
import { type Block, fileOf, isCheckedHere, writeBlocks } from "../../tools/docs-blocks.ts";
import { outputOf } from "../runtimes/programs.ts";

/** The packages with declarations, by their folders. */
const packages = ["lutra", "stores", "gateway", "migrate", "console"] as const;

export interface Project {
  readonly folder: string;
  /** The number of blocks among the programs. */
  readonly count: number;
  readonly remove: () => void;
}

/** Packs the packages and writes the programs into a temporary folder. */
export async function createProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-types-"));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  linkOthers(join(folder, "node_modules"));
  const imports: string[] = [];
  for (const name of packages) imports.push(...(await unpack(name, folder)));
  const count = copyPrograms(folder, imports);
  return { folder, count, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Links every installed package that does not belong to this repository. */
function linkOthers(modules: string): void {
  mkdirSync(join(modules, "@lutra"), { recursive: true });
  const installed = join(root, "node_modules");
  for (const name of readdirSync(installed)) {
    if (name.startsWith(".") || name === "@lutra" || name === "lutra") continue;
    symlinkSync(join(installed, name), join(modules, name), "junction");
  }
}

/** Packs a package, puts it where npm would, and returns the entry points that have declarations. */
async function unpack(name: string, folder: string): Promise<readonly string[]> {
  const source = join(root, "packages", name);
  const flags = ["--silent", "--ignore-scripts", "--pack-destination", folder];
  const tarball = await outputOf({ command: npm("pack", ...flags), cwd: source });
  await outputOf({ command: ["tar", "-xzf", tarball], cwd: folder });
  const manifest = JSON.parse(readFileSync(join(folder, "package/package.json"), "utf8"));
  cpSync(join(folder, "package"), join(folder, "node_modules", manifest.name), { recursive: true });
  rmSync(join(folder, "package"), { recursive: true });
  return Object.entries<string | { readonly types?: string }>(manifest.exports)
    .filter(([, target]) => typeof target === "object" && target.types !== undefined)
    .map(([subpath]) => manifest.name + subpath.slice(1))
    .filter((specifier) => specifier !== "lutra" && !specifier.endsWith("/internal"));
}

/** Packages whose types are part of the examples. Those of frameworks are large, and not ours. */
const known = /^(?:@?lutra\b|node:|\.|zod$|zod\/|valibot$|@valibot\/|arktype$)/;

/** Copies the programs; returns their number. */
function copyPrograms(folder: string, imports: readonly string[]): number {
  const all = writeBlocks(root).filter((each) => each.language === "ts" && isCheckedHere(each));
  const left = all.filter((block) => !isExample(block));
  // A block that imports one that is left out is left out, too.
  const importsLeft = ({ path, text }: Block) =>
    left.some((other) => other.path === path && text.includes(`"./${other.name}"`));
  const removed = all.filter((block) => left.includes(block) || importsLeft(block));
  cpSync(join(root, ".lutra/docs"), join(folder, "docs"), { recursive: true });
  for (const block of removed) rmSync(join(folder, fileOf(block).replace(".lutra/", "")));
  cpSync(join(root, "examples/readme"), join(folder, "readme"), { recursive: true });
  for (const part of ["base", "gateway", "task"]) {
    const template = join(root, "packages/create-lutra/template", part);
    cpSync(template, join(folder, "created"), { recursive: true });
  }
  const lines = imports.map((specifier, at) => `export * as e${at} from "${specifier}";\n`);
  writeFileSync(join(folder, "entry-points.ts"), lines.join(""));
  return all.length - removed.length;
}

function isExample({ text }: Block): boolean {
  const found = [...text.matchAll(/\bfrom "([^"]+)"|import\("([^"]+)"\)/g)];
  return found.every(([, name, inType]) => known.test(name ?? inType ?? ""));
}
