/**
 * Writes the tables of clients and servers in docs/compatibility.md from the pages that
 * `npm run test:matrix` and `npm run test:popular` have written:
 *
 *     node --import tsx tools/compatibility-tables.ts [--check]
 *
 * With `--check` nothing is written: a table that is out of date is a failure.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fill, tableOf, writeGenerated } from "./generated.ts";

const command = "node --import tsx tools/compatibility-tables.ts";
const page = "docs/compatibility.md";
const matrix = "test/matrix/latest.md";
const popular = "test/matrix/popular.md";

/** One client in front of one server, on one way to it. */
interface Way {
  readonly server: string;
  readonly wire: string;
  readonly client: string;
  readonly place: string;
  /** The features that the client tries, with the outcomes. */
  readonly outcomes: ReadonlyMap<string, string>;
}

/** Returns one table for all sections of the matrix: a row for each client, a column for each server. */
export function matrixTable(text: string): string {
  const ways = waysOf(text);
  const servers = [...new Set(ways.map(({ server }) => server))];
  const clients = [...new Set(ways.map(({ client }) => client))];
  const rows = clients.map((client) => [
    client,
    ...servers.map((server) =>
      cellOf(ways.filter((way) => way.client === client && way.server === server)),
    ),
  ]);
  return `${tableOf(["Client", ...servers], rows)}\n\n${notesOf(text)}`;
}

function waysOf(text: string): readonly Way[] {
  return text
    .split("\n## ")
    .slice(1)
    .flatMap((section) => {
      const [title = "", ...lines] = section.split("\n");
      const [server, wire] = title.split(" over ");
      if (server === undefined || wire === undefined) return [];
      const [head = [], , ...rows] = tableLinesOf(lines).map(cellsOf);
      return rows.map(([client = "", place = "", ...cells]) => {
        const features = cells.map((cell, at) => [head[at + 2] ?? "", cell] as const);
        const outcomes = new Map(features.filter(([, cell]) => cell !== ""));
        return { server, wire, client, place, outcomes };
      });
    });
}

/** Returns `all`, or the features that do not work, those of the same ways and notes together. */
function cellOf(ways: readonly Way[]): string {
  if (ways.length === 0) return "";
  const missing = new Map<string, string[]>();
  for (const feature of new Set(ways.flatMap(({ outcomes }) => [...outcomes.keys()]))) {
    const tried = ways.filter(({ outcomes }) => outcomes.has(feature));
    const failed = tried.filter(({ outcomes }) => outcomes.get(feature) !== "yes");
    if (failed.length === 0) continue;
    const notes = failed.map((way) => way.outcomes.get(feature)?.replace(/^no \((.*)\)$/, "$1"));
    const shown = [placesOf(failed, tried), [...new Set(notes)].join(", ")];
    const suffix = ` (${shown.filter(Boolean).join(": ")})`;
    missing.set(suffix, [...(missing.get(suffix) ?? []), feature]);
  }
  if (missing.size === 0) return "all";
  const parts = [...missing].map(([suffix, features]) => `${features.join(", ")}${suffix}`);
  return `all but ${parts.join("; ")}`;
}

/** Names the ways on which a feature fails, unless it fails on all of them. */
function placesOf(failed: readonly Way[], tried: readonly Way[]): string {
  if (failed.length === tried.length) return "";
  const wires = [...new Set(tried.map(({ wire }) => wire))];
  const parts = wires.map((wire) => {
    const all = tried.filter((way) => way.wire === wire).map(({ place }) => place);
    const some = failed.filter((way) => way.wire === wire).map(({ place }) => place);
    return { wire, some, places: some.length === all.length ? "" : some.join(", ") };
  });
  const [first] = parts;
  if (parts.every(({ some }) => `${some}` === `${first?.some}`)) return first?.places ?? "";
  return parts
    .filter(({ some }) => some.length > 0)
    .map(({ wire, places }) => `${wire} ${places}`.trim())
    .join(", ");
}

function notesOf(text: string): string {
  return text.slice(text.indexOf("## Notes") + "## Notes".length).trim();
}

function tableLinesOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith("|"));
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const clients = fill(read(page), "matrix", matrixTable(read(matrix)));
  const table = tableLinesOf(read(popular).split("\n")).join("\n");
  return writeGenerated(root, command, { [page]: fill(clients, "popular", table) });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
