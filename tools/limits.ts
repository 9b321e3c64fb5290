/**
 * Compares docs/limits.md with the sources:
 *
 *     node --import tsx tools/limits.ts
 *
 * Each row names a constant or the default of an option, and its file. The number in the row must be
 * that in the file, and each number whose name states a maximum must be in a row or in the list of
 * internal ones.
 */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isSource, packageSources } from "./files.ts";
import { type InternalLimits, internalLimits } from "./internal-limits.ts";
import { type LimitConstant, limitConstantsOf, statesLimit } from "./limit-constants.ts";

export interface LimitSource {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** A row of a table in the document. */
interface Row {
  readonly line: number;
  readonly name: string;
  readonly path: string;
  readonly value: number;
}

const page = "docs/limits.md";
const definedIn = /^`(\w+)` in \[[^\]]+\]\(([^)]+)\)$/;

/** Returns the differences between the document and the sources, as `path: message`. */
export function findWrongLimits(
  document: string,
  sources: readonly LimitSource[],
  internal: InternalLimits,
): string[] {
  const constants = new Map(
    sources.map(({ path, text }) => [path, limitConstantsOf(path, text)] as const),
  );
  const { rows, problems } = readRows(document);
  const wrong = rows.flatMap((row) => wrongRow(row, constants.get(row.path)));
  const named = new Set(rows.map(({ path, name }) => `${path} ${name}`));
  for (const [path, names] of Object.entries(internal)) {
    for (const name of Object.keys(names)) named.add(`${path} ${name}`);
  }
  const missing = [...constants].flatMap(([path, all]) => unnamed(path, all, named));
  return [...problems, ...wrong, ...missing, ...uselessEntries(internal, constants, rows)];
}

function readRows(document: string): { rows: Row[]; problems: string[] } {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const [index, text] of document.split("\n").entries()) {
    const cells = text.split("|").map((cell) => cell.trim());
    if (cells.length < 2 || cells[1] === "Limit" || /^:?-+:?$/.test(cells[1] ?? "")) continue;
    const line = index + 1;
    const [, name, link] = definedIn.exec(cells[6] ?? "") ?? [];
    const value = Number.parseFloat((cells[3] ?? "").replaceAll(",", ""));
    if (name !== undefined && link !== undefined && !Number.isNaN(value)) {
      rows.push({ line, name, path: posix.join(posix.dirname(page), link), value });
    } else {
      const form =
        "a default that begins with a number, and `name` in [file](path) in the last cell";
      problems.push(`${page}:${line}: expected ${form}`);
    }
  }
  return { rows, problems };
}

function wrongRow({ line, name, path, value }: Row, constants: readonly LimitConstant[] = []) {
  const values = constants.filter((one) => one.name === name).map((one) => one.value);
  if (values.includes(value)) return [];
  const found = values.length === 0 ? "no number of this name" : values.join(" and ");
  return [`${page}:${line}: ${name} is ${value} here; ${path} has ${found}`];
}

function unnamed(path: string, constants: readonly LimitConstant[], named: ReadonlySet<string>) {
  const names = new Set(constants.map(({ name }) => name).filter(statesLimit));
  return [...names]
    .filter((name) => !named.has(`${path} ${name}`))
    .map(
      (name) => `${path}: ${name}: expected a row in ${page}, or a reason in internal-limits.ts`,
    );
}

/** Returns the entries of the list of internal limits that name nothing, or what a row names. */
function uselessEntries(
  internal: InternalLimits,
  constants: ReadonlyMap<string, readonly LimitConstant[]>,
  rows: readonly Row[],
): string[] {
  return Object.entries(internal).flatMap(([path, names]) =>
    Object.keys(names)
      .filter((name) => {
        const exists = constants.get(path)?.some((one) => one.name === name) ?? false;
        return !exists || rows.some((row) => row.path === path && row.name === name);
      })
      .map((name) => `tools/internal-limits.ts: ${path}: ${name}: not needed`),
  );
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
  const isShipped = (path: string) => isSource(path) && !/\/(?:fixtures|testing)\//.test(path);
  const sources = packageSources(root)
    .filter(isShipped)
    .map((path) => ({ path, text: read(path) }));
  const document = read(page);
  const problems = findWrongLimits(document, sources, internalLimits);
  const { rows } = readRows(document);
  console.log([...problems, `${rows.length} limits`].join("\n"));
  return problems.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
