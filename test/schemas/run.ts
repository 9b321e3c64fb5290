/**
 * `npm run test:schemas`: passes schemas of the libraries in README.md, and of versions that offer no
 * JSON Schema, to `defineTool`; prints a table and keeps it in `latest.md`. Ends with 1 when a version
 * does not behave as the documents say.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../scripts/steps.mjs";
import { outputOf } from "../runtimes/programs.ts";
import { requiredOutcomeOf, type Schemas, subjects } from "./subjects.ts";

const folder = join(root, "node_modules/.cache/lutra/schemas");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
const aliases = new Set(subjects.map(({ alias, specifier }) => `${alias}@npm:${specifier}`));
await installPackage("installing versions of schema libraries", folder, ...aliases);

const rows: string[][] = [];
const faults: string[] = [];
for (const subject of subjects) rows.push(await rowOf(subject));
const table = [
  ["library", "version", "`defineTool`", "type error", "remedy works"],
  ["---", "---", "---", "---", "---"],
  ...rows,
]
  .map((cells) => `| ${cells.join(" | ")} |`)
  .join("\n");
console.log(`\n${table}`);
writeFileSync(new URL("latest.md", import.meta.url), documentOf());
if (faults.length > 0) {
  console.error(`\n${faults.join("\n")}`);
  process.exit(1);
}

async function rowOf(subject: Schemas): Promise<string[]> {
  const { title, alias, specifier } = subject;
  const [message = "", remedied = ""] = (await runProgram(subject)).split("\n");
  const typeError = await typeErrorOf(subject);
  const { message: expected, typeError: expectedType, remedy } = requiredOutcomeOf(subject);
  const holds = { message: message === expected, type: typeError.includes(expectedType) };
  if (!holds.message) faults.push(`${specifier}: expected ${expected}, got ${message}`);
  if (!holds.type) faults.push(`${specifier}: expected ${expectedType}, got ${typeError}`);
  if (remedied !== remedy) faults.push(`${specifier}: expected ${remedy}, got ${remedied}`);
  const manifest = join(folder, "node_modules", alias, "package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  return [title, version, message, expectedType === "" ? "none" : expectedType, remedied];
}

/** Runs a program that defines a tool and calls it: its first line is "works" or the message. */
function runProgram(subject: Schemas): Promise<string> {
  const file = join(folder, `${subject.id}.mjs`);
  writeFileSync(file, programOf(subject));
  return outputOf({ command: [process.execPath, file], cwd: folder });
}

function programOf({ alias, entry = "", schema, remedy }: Schemas): string {
  return `import { createServer, defineTool } from "lutra/server";
import { connect } from "lutra/testing";
import * as library from "${alias}${entry}";
const { z = library } = library;
const define = (inputSchema) => defineTool({ name: "add", inputSchema, call: ({ n }) => String(n + 1) });
async function outcomeOf(create) {
  try {
    const server = createServer({ name: "x", version: "1", tools: [define(create())] });
    const client = connect(server);
    const { content } = await client.callTool("add", { n: 1 });
    const refused = await client.callTool("add", { n: "one" });
    await client.close();
    return content[0].text === "2" && refused.isError ? "works" : JSON.stringify([content, refused]);
  } catch (error) {
    return error.message;
  }
}
console.log(await outcomeOf(() => ${schema}));
console.log(${remedy === undefined ? '""' : `await outcomeOf(() => ${remedy})`});
`;
}

/** Returns the errors of the compiler for the same definition. */
async function typeErrorOf({ id, alias, entry = "", schema }: Schemas): Promise<string> {
  const file = join(folder, `${id}.ts`);
  const text = `import { defineTool } from "lutra/server";
import * as library from "${alias}${entry}";
${schema.includes("z.") ? `const z = ${entry === "/mini" || alias.startsWith("valibot") ? "library" : "library.z"};` : ""}
export const tool = defineTool({ name: "add", inputSchema: ${schema}, call: () => "" });
`;
  writeFileSync(file, text);
  const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const command = [process.execPath, tsc, ...options, "--skipLibCheck", "--pretty", "false", file];
  return await outputOf({ command, cwd: folder }).catch((error: Error) => error.message);
}

function documentOf(): string {
  return `# Versions of schema libraries

Run on ${new Date().toISOString().slice(0, 10)} on Node ${process.versions.node}. Written by \`npm run test:schemas\`.

Each row defines a tool with a schema of the library, and calls it with valid and invalid arguments. Where the library offers no JSON Schema, the row shows the message, a part of the type error, and whether the remedy of the message works.

${table}
`;
}
