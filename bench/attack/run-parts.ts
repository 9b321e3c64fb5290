/** Runs the parts of an attack that the command line names, and writes their page. */
import { writePage } from "../chaos/write-page.ts";
import type { Outcome, Part } from "./part.ts";

export interface AttackPage {
  /** The name of the page in `bench/results`. */
  readonly name: string;
  readonly title: string;
  readonly introduction: string;
}

/** Ends the process, with 1 if a bound was exceeded. */
export async function runParts(parts: readonly Part[], page: AttackPage): Promise<never> {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const known = parts.map(({ name }) => name).join(", ");
    console.error(`No such part: ${unknown.join(", ")}; there are: ${known}`);
    process.exit(1);
  }
  const form = process.argv.includes("--short") ? "short" : "whole";
  const sections: string[] = [];
  let isHeld = true;
  for (const part of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const outcomes = await part.run(form);
    sections.push(sectionOf(part, outcomes));
    isHeld &&= outcomes.every((outcome) => outcome.isHeld);
  }
  writePage(page.name, page.title, `${page.introduction}\n\n${sections.join("\n\n")}`);
  process.exit(isHeld ? 0 : 1);
}

function sectionOf({ title, columns, isText = false }: Part, outcomes: readonly Outcome[]): string {
  const marks = columns.map((_, index) => (index === 0 || isText ? "---" : "---:"));
  const lines = [columns, marks, ...outcomes.map(({ cells }) => cells)];
  return `## ${title}\n\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}
