/**
 * Sends hostile input to server and client, each in a process of its own, and measures the longest
 * pause of its event loop and its memory.
 *
 *     node --import tsx bench/attack/core.ts [parts] [--short] [--write]
 *
 * Exits with 1 when a bound was exceeded. `--short` sends less, and leaves out the schemas.
 */
import { writePage } from "../chaos/write-page.ts";
import type { Outcome, Part } from "./part.ts";
import { parts } from "./parts.ts";

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(", ")}; there are: ${parts.map(nameOf).join(", ")}`);
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
writePage(
  "attack-core",
  "Server and client under attack",
  `Written by \`npm run attack -- core --write\`. The attacked server or client is a process of its own, for each schema a new one. A pause is the longest time for which its event loop did nothing else, without the time in which the machine ran other programs. A pause above the bound is measured up to three times, and the last measurement counts. Memory is the highest resident memory above that before the input, and for messages above that before the message.\n\n${sections.join("\n\n")}`,
);
process.exit(isHeld ? 0 : 1);

function nameOf({ name }: Part): string {
  return name;
}

function sectionOf({ title, columns }: Part, outcomes: readonly Outcome[]): string {
  const marks = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  const lines = [columns, marks, ...outcomes.map(({ cells }) => cells)];
  return `## ${title}\n\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}
