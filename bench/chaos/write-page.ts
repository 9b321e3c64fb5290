/** Where a run's figures are kept, if it was told to. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machine } from "../machine.ts";

/** A Markdown table of two columns. */
export function factTable(
  rows: readonly (readonly [what: string, value: string | number])[],
): string {
  const lines = rows.map(([what, value]) => `| ${what} | ${value} |`);
  return ["| what | |", "| --- | ---: |", ...lines].join("\n");
}

/** Prints a page about one run, and with `--write` puts it into `bench/results`. */
export function writePage(name: string, title: string, text: string): void {
  const page = `# ${title}\n\n${machine(false)}.\n\n${text}\n`;
  console.log(page);
  if (!process.argv.includes("--write")) return;
  writeFileSync(fileURLToPath(new URL(`../results/${name}.md`, import.meta.url)), page);
}
