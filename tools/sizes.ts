/**
 * Measures the source files and finds forbidden text in them:
 *
 *     node --import tsx tools/sizes.ts
 */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow, isSource } from "./files.ts";

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

interface Rule {
  readonly applies: (path: string) => boolean;
  readonly pattern: RegExp;
  /** True for rules that hold for comments, too. */
  readonly inComments: boolean;
  readonly message: string;
}

const maxLines = 500;
const maxP90 = 250;

const isCode = (path: string) => /\.(?:[cm]?js|tsx?)$/.test(path);
const isText = (path: string) =>
  isCode(path) || /(?:\.(?:json|md|ya?ml|html|css|txt)|(?:^|\/)[^./]+)$/.test(path);

const rules: readonly Rule[] = [
  {
    applies: isCode,
    pattern: /@ts-[i]gnore/,
    inComments: true,
    message: "expected @ts-expect-error with a reason",
  },
  {
    applies: isCode,
    pattern: /\bas any\b/,
    inComments: false,
    message: "expected a type instead of a cast to any",
  },
  {
    applies: isText,
    pattern: /\/(?:work|farm)\//,
    inComments: true,
    message: "expected no path of one machine",
  },
  {
    applies: (path) => path.endsWith("package-lock.json"),
    pattern: /"resolved": "http/,
    inComments: true,
    message: "expected no registry host; see .npmrc",
  },
  {
    applies: (path) =>
      /^packages\/[^/]+\/src\//.test(path) &&
      isSource(path) &&
      path !== "packages/lutra/src/protocol/errors.ts",
    pattern: /-32\d{3}\b/,
    inComments: false,
    message: "expected error codes in protocol/errors.ts only",
  },
];

/** The line counts in one sentence, and what is too long. */
export function measure(files: readonly SourceFile[]): { summary: string; problems: string[] } {
  const sizes = files
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .sort((a, b) => a.lines - b.lines);
  const at = (share: number) => sizes[Math.ceil(sizes.length * share) - 1]?.lines ?? 0;
  const longest = sizes.at(-1);
  const p90 = at(0.9);
  const problems = sizes
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `${path}: ${lines} lines, above the limit of ${maxLines}`);
  if (p90 > maxP90) problems.push(`p90 is ${p90} lines, above the limit of ${maxP90}`);
  const largest = longest === undefined ? "" : `, longest ${longest.lines} (${longest.path})`;
  const summary = `${sizes.length} files, median ${at(0.5)} lines, p90 ${p90}${largest}`;
  return { summary, problems };
}

/** Each line of a file that breaks a rule, as `path:line: message`. */
export function findForbidden({ path, text }: SourceFile): string[] {
  const broken = rules.filter((rule) => rule.applies(path));
  if (broken.length === 0) return [];
  return text.split("\n").flatMap((line, index) => {
    const code = withoutComment(line);
    return broken
      .filter(({ pattern, inComments }) => pattern.test(inComments ? line : code))
      .map(({ message }) => `${path}:${index + 1}: ${message}`);
  });
}

function withoutComment(line: string): string {
  return /^\s*(?:\*|\/\*|\/\/)/.test(line) ? "" : line.replace(/\s\/\/\s.*$/, "");
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = filesBelow(root, ".")
    .filter(isText)
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") }));
  const { summary, problems } = measure(files.filter(({ path }) => isSource(path)));
  const found = [...problems, ...files.flatMap(findForbidden)];
  console.log([...found, summary].join("\n"));
  return found.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
