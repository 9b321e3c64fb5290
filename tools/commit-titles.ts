/**
 * Checks the titles of commits, `type(folder): change` or `type: change`:
 *
 *     node --import tsx tools/commit-titles.ts [base]
 *
 * The default base of a branch is `main`, and of `main` itself the commit with which the rule was
 * introduced. A clone without that commit, for example a shallow one, has its last commit checked.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

const firstBase = "be5652ebf8d01dd62554614584319060cfc0f6a5";
const maxLength = 72;
const types = [
  "bench",
  "build",
  "chore",
  "ci",
  "docs",
  "feat",
  "fix",
  "perf",
  "refactor",
  "release",
  "revert",
  "style",
  "test",
];
const form = new RegExp(`^(?:${types.join("|")})(?:\\([\\w@/., -]+\\))?!?: (.+)$`);

/** Returns what is wrong with a title, or `undefined`. */
export function faultOf(title: string): string | undefined {
  const [, change] = form.exec(title) ?? [];
  if (change === undefined) {
    return `expected "type(folder): change" or "type: change" with one of ${types.join(", ")}`;
  }
  if (title.length > maxLength) {
    return `expected at most ${maxLength} characters, got ${title.length}`;
  }
  if (/^(?:an?|the|what|who|that|if|when|where)\b/i.test(change)) {
    return 'expected a verb in the imperative after the colon, for example "add a limit"';
  }
  return change.endsWith(".") ? "expected no full stop" : undefined;
}

/** The titles of the commits after `base`, or of the last commit where `base` is unknown. */
export function titlesSince(base: string, folder: string): string[] {
  const log = (...args: string[]) =>
    git(folder, "log", "--no-merges", "--format=%s", ...args)
      .split("\n")
      .filter(Boolean);
  return isKnown(base, folder) ? log(`${base}..HEAD`) : log("-1");
}

function isKnown(base: string, folder: string): boolean {
  try {
    git(folder, "merge-base", "--is-ancestor", base, "HEAD");
    return true;
  } catch {
    return false;
  }
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** The commit after which titles are checked by default. */
export function defaultBase(folder: string): string {
  const isBranch = isKnown("main", folder) && git(folder, "rev-list", "-1", "main..HEAD") !== "";
  return isBranch ? "main" : firstBase;
}

function main(base?: string): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const titles = titlesSince(base ?? defaultBase(root), root);
  const faults = titles.flatMap((title) => {
    const fault = faultOf(title);
    return fault === undefined ? [] : [`${title}\n  ${fault}`];
  });
  console.log([...faults, `${titles.length} commits`].join("\n"));
  return faults.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = main(process.argv[2]);
}
