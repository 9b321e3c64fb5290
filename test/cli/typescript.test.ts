/** TypeScript modules load alike in every folder and on every supported version of Node. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const register = pathToFileURL(join(root, "packages/cli/dist/register.js")).href;

/** Local modules that the forms below import. */
const dependencies = {
  "dep.ts": "export const dep: number = 7;",
  "folder/index.ts": "export default 7 as number;",
  "data.json": '{ "seven": 7 }',
  "esm.mts": "export const esm: number = 7;",
  "common.cts": "enum E { Seven = 7 }\nexport = { seven: E.Seven };",
  "requires.cts":
    'import common = require("./common.cjs");\n' +
    'const { dep } = require("./dep") as { dep: number };\n' +
    'const { seven } = require("./data.json");\n' +
    "exports.all = [common.seven, dep, seven];",
  "types.ts": "export interface Seven { readonly seven: number }",
  "view.tsx":
    "/** @jsxRuntime classic @jsx h */\n" +
    "const h = (_tag: string, { n }: { n: number }) => n;\n" +
    "export const view: number = <div n={7} />;",
  "plain.ts": "const seven: number = 7;\nmodule.exports = { seven };",
};

/** Modules whose default export is 7. */
const forms = {
  "import ./dep.ts": 'import { dep } from "./dep.ts"; export default dep;',
  "import ./dep": 'import { dep } from "./dep"; export default dep;',
  "import ./dep.js": 'import { dep } from "./dep.js"; export default dep;',
  "import ./folder": 'import seven from "./folder"; export default seven;',
  "import() of ./dep": 'const { dep } = await import("./dep"); export default dep;',
  "import ./esm.mjs": 'import { esm } from "./esm.mjs"; export default esm;',
  "import ./common.cjs": 'import common from "./common.cjs"; export default common.seven;',
  "require in a .cts file":
    'import { deepEqual } from "node:assert/strict"; import requires from "./requires.cjs";\n' +
    "deepEqual(requires.all, [7, 7, 7]); export default 7;",
  "JSON without an attribute": 'import data from "./data.json"; export default data.seven;',
  "JSON with an attribute":
    'import data from "./data.json" with { type: "json" }; export default data.seven;',
  "types from another file":
    'import { Seven } from "./types"; const a: Seven = { seven: 7 }; export default a.seven;',
  enum: "enum Level { Low = 7 } export default Level.Low;",
  "parameter properties":
    "class A { constructor(readonly seven: number) {} } export default new A(7).seven;",
  namespace: "namespace N { export const seven = 7; } export default N.seven;",
  satisfies: "export default 7 satisfies number;",
  "import.meta": 'export default import.meta.url.endsWith(".ts") ? 7 : import.meta.url;',
  JSX: 'import { view } from "./view"; export default view;',
};

/** Imports each form, and prints its default export or its error. */
const runner = `
  const results = {};
  for (const [name, file] of Object.entries(JSON.parse(process.argv[1]))) {
    results[name] = await import(file).then((module) => module.default, String);
  }
  console.log(JSON.stringify(results));`;

const folders = {
  'with "type": "module"': '{ "type": "module" }',
  'with "type": "commonjs"': '{ "type": "commonjs" }',
  'without a "type"': "{}",
} as const;

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "lutra-typescript-"));
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function write(folder: string, files: { readonly [name: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function runNode(args: readonly string[], cwd: string) {
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 30_000 });
}

describe.each(Object.entries(folders))("a TypeScript module in a folder %s", (name, manifest) => {
  let folder: string;
  let results: { readonly [form: string]: unknown };

  beforeAll(() => {
    folder = join(project, name.replace(/\W+/g, "-"));
    const files = Object.entries(forms).map(([form, text], index) => ({
      form,
      name: `form-${index}.ts`,
      text,
    }));
    write(folder, { "package.json": manifest, ...dependencies });
    write(folder, Object.fromEntries(files.map(({ name, text }) => [name, text])));
    const paths = Object.fromEntries(files.map(({ form, name }) => [form, join(folder, name)]));
    const flags = ["--import", register, "--input-type=module", "--eval", runner];
    const { stdout, stderr } = runNode([...flags, JSON.stringify(paths)], folder);
    // Nothing that users would have to understand is printed, such as a warning of Node.
    expect(stderr).toBe("");
    results = JSON.parse(stdout);
  });

  it.each(Object.keys(forms))("may use: %s", (form) => {
    expect(results[form]).toBe(7);
  });
});
