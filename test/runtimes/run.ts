/**
 * `npm run test:runtimes`: tries the packed package in runtimes, in Next.js and in bundlers, prints
 * one table and keeps it in `latest.md`. Arguments name what is tried: `npm run test:runtimes -- bun
 * deno`; the table is then only printed. Ends with 1 when something fails.
 */
import { writeFileSync } from "node:fs";
import { bundlerNames, bundlerSubject } from "./bundlers.ts";
import { nextSubject } from "./next.ts";
import { bunSubject, denoSubject, nodeSubject } from "./script-runtimes.ts";
import { columns, openWorkshop, type Subject, type Workshop } from "./subject.ts";
import { workerSubject } from "./workers.ts";

type CreateSubject = (workshop: Workshop) => Promise<Subject>;

const subjects: { readonly [name: string]: CreateSubject } = {
  node: nodeSubject,
  bun: bunSubject,
  deno: denoSubject,
  workers: workerSubject,
  "next-15": (workshop) => nextSubject(workshop, "15"),
  "next-16": (workshop) => nextSubject(workshop, "16"),
  ...Object.fromEntries(
    bundlerNames.map((name) => [name, (workshop: Workshop) => bundlerSubject(workshop, name)]),
  ),
};

interface Row {
  readonly name: string;
  readonly version: string;
  readonly cells: readonly string[];
}

const faults: string[] = [];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in subjects));
if (unknown.length > 0) {
  console.error(`test:runtimes: expected ${Object.keys(subjects).join(", ")}; got ${unknown}`);
  process.exit(2);
}

const workshop = await openWorkshop();
try {
  const rows: Row[] = [];
  for (const [name, create] of Object.entries(subjects)) {
    if (asked.length === 0 || asked.includes(name)) rows.push(...(await tried(name, create)));
  }
  const table = tableOf(rows);
  console.log(`\n${table}`);
  const file = new URL("latest.md", import.meta.url);
  if (asked.length === 0) writeFileSync(file, documentOf(table));
} finally {
  workshop.projects.remove();
}
if (faults.length > 0) {
  console.error(`\n${faults.join("\n\n")}`);
  process.exit(1);
}

/** Runs all checks of one subject; returns its row, or none if it could not be installed. */
async function tried(name: string, create: CreateSubject): Promise<readonly Row[]> {
  console.log(`${name} ...`);
  try {
    const { checks, ...subject } = await create(workshop);
    const cells: string[] = [];
    for (const column of columns) {
      const check = checks[column];
      cells.push(check === undefined ? "" : await outcomeOf(`${name}: ${column}`, check));
    }
    return [{ ...subject, cells }];
  } catch (error) {
    faults.push(`${name}: ${error instanceof Error ? error.message : error}`);
    return [];
  }
}

async function outcomeOf(title: string, check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return "yes";
  } catch (error) {
    faults.push(`${title}: ${error instanceof Error ? error.message : error}`);
    return "**no**";
  }
}

function tableOf(rows: readonly Row[]): string {
  const lines = [
    ["", "version", ...columns],
    ["---", "---", ...columns.map(() => "---")],
    ...rows.map(({ name, version, cells }) => [name, version, ...cells]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function documentOf(table: string): string {
  return `# Runtimes, Next.js and bundlers

The packed package on ${new Date().toISOString().slice(0, 10)}, from Node ${process.versions.node}. Written by \`npm run test:runtimes\`.

Each cell is a run of three tools: a plain result, a stream of notifications, and a request for input whose state is sealed. The other side runs on Node. Empty cells do not apply. With bundlers, the output is one file, and runs where no package is installed.

${table}
`;
}
