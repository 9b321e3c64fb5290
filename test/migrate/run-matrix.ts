/** Compares the reports about servers from npm with their tables; see `scripts/migrate-matrix.mjs`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Level, migrate, type Report } from "@lutra/migrate";
import { type ReportTable, readTables, tableOf } from "./report-table.ts";

const levels: readonly Level[] = ["blocks", "replace", "deprecated", "check"];

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
}

/** Downloads a package without its dependencies. Returns the folder with its files. */
function download({ name, version }: ReportTable, parent: string): string {
  const folder = mkdtempSync(join(parent, "package-"));
  run("npm", ["pack", `${name}@${version}`, "--silent", "--ignore-scripts"], folder);
  const [file = ""] = readdirSync(folder);
  run("tar", ["xzf", file], folder);
  return join(folder, "package");
}

/** Returns the lines that only one of the texts has. */
function differences(expected: string, found: string): readonly string[] {
  const [before, after] = [expected.split("\n"), found.split("\n")];
  const lost = before.filter((line) => !after.includes(line)).map((line) => `  - ${line}`);
  return [...lost, ...after.filter((line) => !before.includes(line)).map((line) => `  + ${line}`)];
}

/** Rewrites the program. False if a file is no longer valid, or a second run would change it again. */
async function isStable(folder: string): Promise<boolean> {
  const { unread } = await migrate(folder, { write: true });
  const again = await migrate(folder, { write: true });
  const isSame = again.written?.length === 0 && again.unread.length === unread.length;
  if (!isSame) console.log(`  ${folder}: --write is not stable: ${JSON.stringify(again.written)}`);
  return isSame;
}

function overview(rows: readonly (readonly [ReportTable, Report])[]): string {
  const cells = rows.map(([{ name, version }, { connected, findings }]) => {
    const counts = levels.map((level) => findings.filter((each) => each.level === level).length);
    return `| \`${name}\` | ${[version, connected, ...counts].join(" | ")} |`;
  });
  return `# Reports about servers from npm

Written by \`npm run migrate:matrix -- --write\`. Numbers of files that are connected with an SDK, and of findings by level. The tables with all findings are in [reports](reports).

| Server | Version | Files | ${levels.join(" | ")} |
| --- | --- | --: | --: | --: | --: | --: |
${cells.join("\n")}
`;
}

async function main(args: readonly string[]): Promise<number> {
  const isWriting = args.includes("--write");
  const parent = join(tmpdir(), `lutra-matrix-${process.pid}`);
  mkdirSync(parent);
  const rows: (readonly [ReportTable, Report])[] = [];
  let differing = 0;
  try {
    for (const table of readTables()) {
      const folder = download(table, parent);
      const report = await migrate(folder);
      const text = tableOf(table.name, table.version, report);
      const found = differences(table.text, text);
      if (isWriting) writeFileSync(table.file, text);
      if (found.length > 0) differing += 1;
      const outcome = found.length === 0 ? "as expected" : `differs\n${found.join("\n")}`;
      console.log(`${table.name} ${table.version}: ${report.findings.length} findings, ${outcome}`);
      rows.push([table, report]);
      differing += (await isStable(folder)) ? 0 : 1;
    }
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
  if (isWriting) writeFileSync(join(import.meta.dirname, "latest.md"), overview(rows));
  return differing > 0 && !isWriting ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
