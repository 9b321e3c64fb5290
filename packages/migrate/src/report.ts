/** The report about a program. */
import { type Finding, findingsIn } from "./find.ts";
import { rules as allRules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { connectedWithSdk } from "./source/connected.ts";
import { findSources, type UnreadFile } from "./source/find-sources.ts";
import { type Module, parseModule, SyntaxProblem } from "./source/module.ts";
import type { Sdk } from "./source/sdks.ts";

/** The report about a program, which `lutra migrate --json` prints. */
export interface Report {
  /** The version of this format. A later version only adds members. */
  readonly format: 1;
  /** The revision to which the program is to move. */
  readonly revision: "2026-07-28";
  /** The SDKs from which the program imports. */
  readonly sdks: readonly Sdk[];
  /** Number of source files in the folder. */
  readonly files: number;
  /** Number of source files that are connected with an SDK by imports; the rules apply to these. */
  readonly connected: number;
  /** By file, line and column. */
  readonly findings: readonly Finding[];
  /** Files that are too large or have invalid syntax. */
  readonly unread: readonly UnreadFile[];
  /** The files that `--write` has changed; absent without it. */
  readonly written?: readonly WrittenFile[];
}

export interface WrittenFile {
  readonly file: string;
  /** Number of uses that were rewritten. */
  readonly rewritten: number;
  /** Number of comments that were added. */
  readonly marked: number;
}

/** A program that was read, for the report and for changes. */
export interface Program {
  /** The folder to which the paths of the modules are relative. */
  readonly folder: string;
  /** The modules that are connected with an SDK. */
  readonly modules: readonly Module[];
  readonly report: Report;
}

/**
 * Reads a file, or all source files below a folder, and reports findings.
 *
 * @throws {Error} for a path that does not exist, and for too many files
 */
export async function readProgram(
  path: string,
  rules: readonly Rule[] = allRules,
): Promise<Program> {
  const { folder, sources, unread } = await findSources(path);
  const problems: UnreadFile[] = [...unread];
  const modules: Module[] = [];
  for (const { path: file, text } of sources) {
    try {
      modules.push(parseModule(file, text));
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      problems.push({ file, reason: error.message });
    }
  }
  const connected = connectedWithSdk(modules);
  const used = modules.filter((module) => connected.has(module));
  const sdks = new Set(used.flatMap((module) => [...module.sdks]));
  const report: Report = {
    format: 1,
    revision: "2026-07-28",
    sdks: [...sdks].sort(),
    files: sources.length + unread.length,
    connected: used.length,
    findings: used.flatMap((module) => findingsIn(module, rules, sdks)),
    unread: problems,
  };
  return { folder, modules: used, report };
}
