/** Checks with a title, a result in words, and a row in the table of results. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepared } from "./podman.ts";

type Row = readonly [title: string, result: string];

const file = join(prepared.scratch, "rows.json");
const rows: Row[] = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];

/** Runs a check, which returns its result in words, and records it. Rethrows its error. */
export async function check(title: string, run: () => string | Promise<string>): Promise<void> {
  process.stdout.write(`${title} ... `);
  try {
    const result = await run();
    rows.push([title, result]);
    console.log(result);
  } catch (error) {
    console.log("failed");
    throw error;
  } finally {
    writeFileSync(file, JSON.stringify(rows));
  }
}

/** Throws unless two values are equal as JSON. */
export function requireEqual(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

/** Writes the table of all checks. Called once all of them hold. */
export function writeTable(versions: string): void {
  const lines = rows.map(([title, result]) => `| ${title} | ${result} |`).join("\n");
  const text = `# The image of examples/deployment

Built and run on ${new Date().toISOString().slice(0, 10)} with ${versions}. Written by \`npm run test:image\`.

The images that the files name are stand-ins with the same names: Debian 12 with Node and npm from
packages of npm, and Debian's Postgres and Redis. The packages of Lutra are packed ones, from a registry
that runs only for this test. The limit of open files in \`compose.yaml\` is omitted where the machine's is lower.

| check | result |
| --- | --- |
${lines}
`;
  writeFileSync(new URL("latest.md", import.meta.url), text);
  console.log(`\n${lines}`);
}
