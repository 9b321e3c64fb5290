/**
 * `npm run test:types`: compiles the examples against the packed packages with versions of TypeScript
 * and with each module resolution, prints a table and keeps it in `latest.md`. Arguments select
 * versions; the table is then only printed. Ends with 1 when a supported version reports an error.
 */
import { writeFileSync } from "node:fs";
import { compileIn, type Outcome } from "./compile.ts";
import { createProject } from "./project.ts";
import { isSupported, resolutions, typescriptVersions } from "./versions.ts";

const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !typescriptVersions.includes(version));
if (unknown.length > 0) {
  console.error(`test:types: expected ${typescriptVersions.join(", ")}; got ${unknown}`);
  process.exit(2);
}

const faults: string[] = [];
const notes: string[] = [];
const project = await createProject();
const rows: string[][] = [];
try {
  for (const version of typescriptVersions) {
    if (asked.length === 0 || asked.includes(version)) rows.push(await rowOf(version));
  }
} finally {
  project.remove();
}
const table = [["TypeScript", ...resolutions], ["---", ...resolutions.map(() => "---")], ...rows]
  .map((cells) => `| ${cells.join(" | ")} |`)
  .join("\n");
console.log(`\n${table}\n\n${notes.join("\n")}`);
if (asked.length === 0) writeFileSync(new URL("latest.md", import.meta.url), documentOf());
if (faults.length > 0) {
  console.error(`\n${faults.join("\n\n")}`);
  process.exit(1);
}

async function rowOf(version: string): Promise<string[]> {
  const cells: string[] = [];
  let title = version;
  for (const resolution of resolutions) {
    const outcome = await compileIn(project, version, resolution);
    title = outcome.version;
    console.log(`${title}, ${resolution}: ${outcome.own.length} errors`);
    cells.push(cellOf(version, resolution, outcome));
  }
  return [title, ...cells];
}

function cellOf(version: string, resolution: string, { own, others }: Outcome): string {
  if (own.length === 0) return others.length === 0 ? "yes" : `yes (${noteFor(others)})`;
  if (isSupported(version)) faults.push(`${version}, ${resolution}:\n${own.join("\n")}`);
  const codes = [...new Set(own.map((line) => /TS\d+/.exec(line)?.[0]))].join(", ");
  return `**no**: ${own.length} errors (${codes})`;
}

/** Returns the number of the note that names the packages of others with errors. */
function noteFor(others: readonly string[]): number {
  const note = `Errors in the declarations of ${others.join(", ")}, which are not part of Lutra.`;
  if (!notes.includes(note)) notes.push(note);
  return notes.indexOf(note) + 1;
}

function documentOf(): string {
  const numbered = notes.map((note, at) => `${at + 1}. ${note}`).join("\n");
  return `# Versions of TypeScript

Run on ${new Date().toISOString().slice(0, 10)} on Node ${process.versions.node}. Written by \`npm run test:types\`.

Each cell compiles against the packed packages, with \`strict\`, \`exactOptionalPropertyTypes\` and \`skipLibCheck: false\`: ${project.count} TypeScript blocks of the documents (all that need no framework), the example of the README, the project of \`npm create lutra\`, and a program that imports every entry point. The columns are values of \`moduleResolution\`. The oldest supported version is 5.4; the version before it is shown for comparison.

${table}
${numbered === "" ? "" : `\n${numbered}\n`}`;
}
