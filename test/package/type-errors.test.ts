/** Frequent mistakes in definitions, and the errors that TypeScript reports for them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const wrap = "expected one schema: wrap the object of schemas in z.object({ ... })";
const noJSONSchema =
  "this schema offers no JSON Schema: use zod 4.2 or newer; for valibot, toStandardJsonSchema()";
const undescribed = "describe structured content with an outputSchema, or return text";

/** Programs of one line, and a part of the only error in each. */
const mistakes = [
  ['defineTool({ name: "a", inputSchema: { n: z.number() }, call: ({ n }) => String(n) });', wrap],
  ['defineTool({ name: "a", outputSchema: { n: z.number() }, call: () => ({ n: 1 }) });', wrap],
  [
    'defineTool({ name: "a", inputSchema: v.object({ n: v.number() }), call: ({ n }) => n });',
    noJSONSchema,
  ],
  // The shape of a schema of zod before 3.24.
  [
    'defineTool({ name: "a", inputSchema: {} as { _def: object; _output: 1; parse(): 1 }, call: () => "" });',
    noJSONSchema,
  ],
  ['defineTool({ name: "a", call: () => ({ sum: 1 }) });', undescribed],
  ['defineTool({ name: "a", call: async () => ({ sum: 1 }) });', undescribed],
  [
    'defineTool({ name: "a", call: async () => ({ content: [{ type: "text", text: "" }] }) });',
    "pass the result to toolResult()",
  ],
  ['defineTool({ name: "a", call: () => 42 });', "not assignable to type 'Promise<TextOrContent>"],
  [
    'definePrompt({ name: "a", arguments: z.object({ c: z.string() }), get: ({ c }) => c });',
    "expected arguments by name, not a schema: { city: { required: true } }",
  ],
  [
    'definePrompt({ name: "a", arguments: { c: z.string() }, get: ({ c }) => c });',
    "expected options of each argument, not a schema: { city: { required: true } }",
  ],
] as const;

/** The errors by line, each with the lines that explain it. */
let errors: ReadonlyMap<number, readonly string[]>;

beforeAll(() => {
  mkdirSync(join(root, ".lutra"), { recursive: true });
  const folder = mkdtempSync(join(root, ".lutra/types-"));
  const imports =
    'import { definePrompt, defineTool } from "lutra/server"; import * as v from "valibot"; import { z } from "zod";';
  writeFileSync(join(folder, "a.ts"), [imports, ...mistakes.map(([code]) => code)].join("\n"));
  const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: true };
  const options = { ...compilerOptions, target: "es2023", types: [], rootDir: root };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["a.ts"] }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", folder, "--pretty", "false"];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  errors = byLine(stdout);
}, 120_000);

function byLine(output: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const message of output.split(/\n(?=\S)/)) {
    const line = Number(/a\.ts\((\d+),/.exec(message)?.[1]);
    found.set(line, [...(found.get(line) ?? []), message]);
  }
  return found;
}

it.each(mistakes)("%s", (code, message) => {
  const line = mistakes.findIndex(([other]) => other === code) + 2;
  expect(errors.get(line)).toEqual([expect.stringContaining(message)]);
});
