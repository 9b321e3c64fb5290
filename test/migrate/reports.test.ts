/** Compares the reports about servers that are installed here with their tables. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { migrate } from "@lutra/migrate";
import { describe, expect, it } from "vitest";
import { type ReportTable, readTables, tableOf } from "./report-table.ts";

const require = createRequire(import.meta.url);
const installed = ["server-everything", "server-memory", "server-sequential-thinking"].map(
  (name) => `@modelcontextprotocol/${name}`,
);
const tables = readTables();

/** Returns the folder of an installed package, which has the version of the table. */
function folderOf({ name, version }: ReportTable): string {
  const manifest = require.resolve(`${name}/package.json`);
  expect(JSON.parse(readFileSync(manifest, "utf8")).version).toBe(version);
  return dirname(manifest);
}

describe("the report about", () => {
  it.each(tables.filter(({ name }) => installed.includes(name)))(
    "$name is as checked",
    async (table) => {
      const report = await migrate(folderOf(table));
      expect(tableOf(table.name, table.version, report)).toBe(table.text);
    },
  );
});

it("covers eight servers, three of which are installed", () => {
  expect(tables.length).toBeGreaterThanOrEqual(8);
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(installed));
});
