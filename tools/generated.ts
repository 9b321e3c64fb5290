/** Writes files, or parts of them, that follow from other files of this repository. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Puts text between the comments `<!-- name -->` and `<!-- /name -->`. */
export function fill(document: string, name: string, text: string): string {
  const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = document.indexOf(before);
  const end = document.indexOf(after);
  if (start === -1 || end < start) throw new Error(`expected ${before} and ${after}`);
  return `${document.slice(0, start)}${before}\n\n${text.trim()}\n\n${document.slice(end)}`;
}

/**
 * Writes the files that are out of date, or with `--check` as an argument of the process, only reports
 * them with the command that writes them. Returns the exit code.
 */
export function writeGenerated(
  root: string,
  command: string,
  files: { readonly [path: string]: string },
): number {
  const stale = Object.entries(files).filter(([path, text]) => {
    return !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text;
  });
  if (process.argv.includes("--check")) {
    for (const [path] of stale) console.error(`${path} is out of date. Run: ${command}`);
    return stale.length > 0 ? 1 : 0;
  }
  for (const [path, text] of stale) writeFileSync(join(root, path), text);
  return 0;
}

/** Returns a Markdown table. Escapes `|` in the cells. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
