/**
 * Reports about servers from npm, as tables: the first line names the package and its version, each
 * further line a rule, a file and its lines. A person has compared each with the sources.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@lutra/migrate";

const reportsFolder = join(import.meta.dirname, "reports");

export interface ReportTable {
  /** The file of the table. */
  readonly file: string;
  readonly name: string;
  readonly version: string;
  readonly text: string;
}

/** Returns all tables, sorted by their files. */
export function readTables(): readonly ReportTable[] {
  return readdirSync(reportsFolder)
    .sort()
    .map((entry) => {
      const file = join(reportsFolder, entry);
      const text = readFileSync(file, "utf8");
      const [, name = "", version = ""] = /^# (\S+) (\S+)\n/.exec(text) ?? [];
      return { file, name, version, text };
    });
}

/** Returns the text of the table of a report. */
export function tableOf(name: string, version: string, report: Report): string {
  const { sdks, files, connected, findings, unread } = report;
  const lines = new Map<string, number[]>();
  for (const { rule, file, line } of findings) {
    const key = `${rule} ${file}`;
    lines.set(key, [...(lines.get(key) ?? []), line]);
  }
  const rows = [...lines].map(([key, numbers]) => `${key} ${numbers.join(" ")}`).sort();
  const left = unread.map(({ file, reason }) => `unread ${file}: ${reason}`);
  const summary = `${sdks.join(", ")}: ${connected} of ${files} files`;
  return [`# ${name} ${version}`, summary, ...left, ...rows, ""].join("\n");
}
