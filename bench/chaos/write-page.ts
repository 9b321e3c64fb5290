/** Writes the figures of a chaos run to a page. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machine } from "../machine.ts";

/** Returns a Markdown table of two columns. */
export function factTable(
  rows: readonly (readonly [what: string, value: string | number])[],
): string {
  const lines = rows.map(([what, value]) => `| ${what} | ${value} |`);
  return ["| what | |", "| --- | ---: |", ...lines].join("\n");
}

/** Prints the page of a run; with `--write`, also writes it to `bench/results`. */
export function writePage(name: string, title: string, text: string): void {
  const page = `# ${title}\n\n${machine(false)}.\n\n${text}\n`;
  console.log(page);
  if (!process.argv.includes("--write")) return;
  writeFileSync(fileURLToPath(new URL(`../results/${name}.md`, import.meta.url)), page);
}
