/**
 * Writes docs/api: a page for each public entry point, from the built declarations:
 *
 *     node --import tsx tools/api-reference.ts [--check]
 *
 * With `--check` nothing is written: a file that is missing, superfluous or out of date is a failure.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { exportsOf } from "./api-exports.ts";
import { isValue, sectionOf } from "./api-page.ts";
import { filesBelow } from "./files.ts";

const command = "node --import tsx tools/api-reference.ts";
const folder = "docs/api";
/** Maximum length of a page, in lines. A longer one continues on another page. */
const maxLines = 450;

const packages = [
  "packages/lutra",
  "packages/gateway",
  "packages/stores",
  "packages/migrate",
  "packages/console",
];
/** Entry points for the packages of this repository only. */
const internal = ["lutra/internal"];

interface Entry {
  /** The name in an import. */
  readonly name: string;
  /** The file of its declarations. */
  readonly types: string;
}

function entriesOf(root: string): readonly Entry[] {
  return packages.flatMap((path) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    return Object.entries<string | { readonly types: string }>(exports).flatMap(([key, value]) => {
      const entry = name + key.slice(1);
      if (typeof value === "string" || internal.includes(entry)) return [];
      return [{ name: entry, types: join(root, path, value.types) }];
    });
  });
}

/** Splits sections into pages of at most `lines` lines; a longer section has a page of its own. */
export function pagesOf(sections: readonly string[], lines: number): readonly string[][] {
  const pages: string[][] = [];
  let left = 0;
  for (const section of sections) {
    const length = section.split("\n").length;
    if (length > left) {
      pages.push([]);
      left = lines;
    }
    pages.at(-1)?.push(section);
    left -= length;
  }
  return pages;
}

/** Returns the text of each page by its path. */
function referenceOf(root: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const rows: string[] = [];
  for (const { name, types } of entriesOf(root)) {
    const all = exportsOf(types);
    const sorted = [...all.filter(isValue), ...all.filter((each) => !isValue(each))];
    const pages = pagesOf(sorted.map(sectionOf), maxLines);
    const links = pages.map((sections, index) => {
      const file = fileOf(name, index);
      files.set(`${folder}/${file}`, pageText(name, index, sections));
      return `[${index === 0 ? name : index + 1}](${file})`;
    });
    rows.push(`| ${links.join(", ")} | ${sorted.filter(isValue).map(shown).join(", ")} |`);
  }
  const head = ["| entry point | functions, classes and constants |", "| --- | --- |"];
  const about = `Generated from the docstrings by \`${command}\`. Types follow the values of a page.`;
  const index = ["# API reference", "", about, "", ...head, ...rows, ""].join("\n");
  return files.set(`${folder}/README.md`, index);
}

function shown({ name }: { readonly name: string }): string {
  return `\`${name}\``;
}

/** The file of a page: `server.md` for `lutra/server`, `lutra-stores.md` for `@lutra/stores`. */
function fileOf(name: string, index: number): string {
  const base = name.replace(/^lutra\/|^@/, "").replaceAll("/", "-");
  return index === 0 ? `${base}.md` : `${base}-${index + 1}.md`;
}

function pageText(name: string, index: number, sections: readonly string[]): string {
  const title = index === 0 ? `# \`${name}\`` : `# \`${name}\`, part ${index + 1}`;
  return `${title}\n\n[All entry points](README.md)\n\n${sections.join("\n")}`;
}

function main(isCheck: boolean): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = referenceOf(root);
  const superfluous = filesBelow(root, folder).filter((path) => !files.has(path));
  const isCurrent = ([path, text]: readonly [string, string]) =>
    existsSync(join(root, path)) && readFileSync(join(root, path), "utf8") === text;
  const stale = [...files].filter((file) => !isCurrent(file));
  if (isCheck) {
    const paths = [...stale.map(([path]) => path), ...superfluous];
    for (const path of paths) console.error(`${path} is out of date. Run: ${command}`);
    return paths.length > 0 ? 1 : 0;
  }
  for (const path of superfluous) rmSync(join(root, path));
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = main(process.argv.includes("--check"));
}
