/**
 * Sends hostile input to server and client, each in a process of its own, and measures the longest
 * pause of its event loop and its memory.
 *
 *     node --import tsx bench/attack/core.ts [parts] [--write]
 *
 * Exits with 1 when a bound was exceeded. Each part is one file, which is listed here.
 */
import { writePage } from "../chaos/write-page.ts";
import type { Outcome, Part } from "./part.ts";
import { schemas } from "./schemas.ts";

const parts: readonly Part[] = [schemas];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(", ")}; there are: ${parts.map(nameOf).join(", ")}`);
  process.exit(1);
}

const sections: string[] = [];
let isHeld = true;
for (const part of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const outcomes = await part.run();
  sections.push(sectionOf(part, outcomes));
  isHeld &&= outcomes.every((outcome) => outcome.isHeld);
}
writePage(
  "attack-core",
  "Server and client under attack",
  `Written by \`npm run attack -- core --write\`. Each input is sent to a process of its own. A pause is the longest time for which the event loop of this process did nothing else; memory is the highest resident memory above that of the idle process.\n\n${sections.join("\n\n")}`,
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
