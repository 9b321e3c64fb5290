/** `lutra migrate`: reports how a program moves to the stateless revision, and rewrites it. */
import { migrate as migrateProgram } from "@lutra/migrate";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { migrationText } from "./migration-text.ts";

export async function migrate({ values: [path = ""], options }: CommandLine): Promise<number> {
  const write = options.write === true;
  const report = await migrateProgram(path, { write }).catch((error: unknown) => {
    throw new CommandError(problemWith(path, error));
  });
  if (report.files === 0) throw new CommandError(`${path}: expected a source file in this folder`);
  console.log(options.json ? JSON.stringify(report, null, 2) : migrationText(path, report));
  return report.findings.length === 0 ? 0 : 1;
}

function problemWith(path: string, error: unknown): string {
  const isMissing = error instanceof Error && Reflect.get(error, "code") === "ENOENT";
  if (isMissing) return `${path}: no such file or folder`;
  return `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`;
}
