/** The entry point of the package: one program, read, reported and rewritten. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Report, readProgram } from "./report.ts";
import { rewriteModules } from "./rewrite/rewrite.ts";
import { rules } from "./rules/index.ts";

export interface MigrateOptions {
  /**
   * Rewrites calls that have an equivalent in Lutra, and marks other findings with a comment.
   *
   * @default false
   */
  readonly write?: boolean;
}

/**
 * Reads a file, or all source files below a folder, and returns the report. With `write`, the report
 * is that of the program before its change.
 *
 * @throws {Error} for a path that does not exist or can't be written, and for too many files
 */
export async function migrate(path: string, options: MigrateOptions = {}): Promise<Report> {
  const { folder, modules, report } = await readProgram(path);
  if (!options.write) return report;
  const changed = rewriteModules(modules, report.findings, rules);
  for (const { file, text } of changed) await writeFile(join(folder, file), text);
  const written = changed.map(({ file, rewritten, marked }) => ({ file, rewritten, marked }));
  return { ...report, written };
}
