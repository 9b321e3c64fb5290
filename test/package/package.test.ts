/** The package as npm would publish it: every subpath loads, by `import` and by `require`. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(root, "packages/lutra");

interface Manifest {
  readonly exports: {
    readonly [subpath: string]: string | { readonly [condition: string]: string };
  };
  readonly dependencies: { readonly [name: string]: string };
  readonly peerDependencies: { readonly [name: string]: string };
}

const { exports, dependencies, peerDependencies } = JSON.parse(
  readFileSync(join(source, "package.json"), "utf8"),
) as Manifest;
/** The library for pages is a script, and the sandbox of hosts a page. */
const notModules = ["./package.json", ".", "./apps/view/script.js", "./apps/host/sandbox.html"];
const subpaths = Object.keys(exports).filter((name) => !notModules.includes(name));
const specifiers = subpaths.map((name) => name.replace(/^\./, "lutra"));

let project: string;
let packed: string[];

/** Packs the built package and puts it where a program would find it, without a registry. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "lutra-package-"));
  const flags = ["--json", "--ignore-scripts", "--pack-destination", project];
  const [pack] = JSON.parse(run("npm", ["pack", ...flags], source));
  packed = pack.files.map(({ path }: { path: string }) => path);
  run("tar", ["-xzf", pack.filename], project);
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  cpSync(join(project, "package"), join(modules, "lutra"), { recursive: true });
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The result of `load` for each subpath, in a process of its own. */
function keysBy(load: string, ...flags: readonly string[]): { [specifier: string]: string[] } {
  const program = `
    const found = {};
    for (const name of ${JSON.stringify(specifiers)}) found[name] = Object.keys(${load}).sort();
    console.log(JSON.stringify(found));`;
  const args = ["--no-warnings", ...flags, "--eval", program];
  return JSON.parse(run(process.execPath, args, project));
}

describe("the packed package", () => {
  it("loads by import; additions to what it exports are deliberate", () => {
    // `lutra/internal` may change in any release.
    const { "lutra/internal": _, ...exported } = keysBy(
      "await import(name)",
      "--input-type=module",
    );
    expect(exported).toMatchSnapshot();
  });

  it.each([
    ['import { createServer } from "lutra";', []],
    ['import { createClient } from "lutra";', []],
    ['import lutra from "lutra";', []],
    ['await import("lutra");', []],
    ['require("lutra");', ["--input-type=commonjs"]],
  ])("names the subpaths to a program that imports its root: %s", (program, flags) => {
    const args = flags.length === 0 ? ["--input-type=module"] : flags;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--no-warnings", ...args, "--eval", program],
      { cwd: project, encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/Error: lutra has no root entry point; import .* "lutra\/server"/),
    ]);
  });

  it("loads by require, and gives the same", () => {
    const required = keysBy("require(name)", "--input-type=commonjs");
    for (const keys of Object.values(required)) {
      const at = keys.indexOf("__esModule");
      if (at >= 0) keys.splice(at, 1);
    }
    expect(required).toEqual(keysBy("await import(name)", "--input-type=module"));
  });

  it("exports the same names to Bun", () => {
    const flags = ["--conditions=bun", "--input-type=module"];
    const named = keysBy("await import(name)", ...flags);
    expect(named).toEqual(keysBy("await import(name)", "--input-type=module"));
  });

  it("has one class of each name, which logs show, in all subpaths", () => {
    const program = `
      const classes = {};
      for (const specifier of ${JSON.stringify(specifiers)}) {
        for (const [name, value] of Object.entries(await import(specifier))) {
          if (!String(value).startsWith("class")) continue;
          if (value.name !== name) console.log(value.name, "for", name);
          if ((classes[name] ??= value) !== value) console.log("another", name, "in", specifier);
        }
      }`;
    const args = ["--no-warnings", "--input-type=module", "--eval", program];
    expect(run(process.execPath, args, project)).toBe("");
  });

  it("has every file that its exports name", () => {
    const files = Object.values(exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    expect(files.filter((file) => !packed.includes(file.replace("./", "")))).toEqual([]);
  });

  it("has neither tests nor fixtures", () => {
    expect(packed.filter((file) => /\.test(-d)?\.|fixtures\//.test(file))).toEqual([]);
  });

  describe("a server that uses it", () => {
    const start = (program: string) => {
      const file = join(project, "server.mjs");
      const imports = 'import { createServer, defineTool } from "lutra/server";';
      writeFileSync(file, `${imports}\n${program}`);
      return spawnSync(process.execPath, [file], { cwd: project, encoding: "utf8" }).stderr;
    };

    it("logs an error of a tool with the author's line first", () => {
      const stderr = start(`
        const call = async () => { throw new Error("no such ticket"); };
        const tools = [defineTool({ name: "get_ticket", call })];
        const server = createServer({ name: "tickets", version: "1", tools });
        const _meta = {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        };
        const request = { jsonrpc: "2.0", id: 1, method: "tools/call" };
        const context = { signal: new AbortController().signal, notify() {} };
        await server
          .serve({ ...request, params: { name: "get_ticket", _meta } }, context)
          .catch(() => {});
      `);
      const [first, second] = stderr.split("\n");
      expect(first).toBe("lutra: tools/call get_ticket: Error: no such ticket");
      expect(second).toMatch(/^ +at call .*server\.mjs:3:/);
      expect(stderr).not.toMatch(/node_modules|node:internal/);
    });

    it("fails to start with the author's line first", () => {
      const stderr = start('createServer({ name: "tickets", verson: "1" });');
      const [message, frame] = stderr.slice(stderr.indexOf("TypeError: ")).split("\n");
      expect(message).toBe(
        'TypeError: createServer: verson: unknown option; did you mean "version"?',
      );
      expect(frame).toMatch(/^ +at .*server\.mjs:2:/);
    });
  });

  it("gives nothing away that is not exported", () => {
    const program = "await import('lutra/dist/server/seal.js')";
    const args = ["--no-warnings", "--input-type=module", "--eval", program];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: project,
      encoding: "utf8",
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

/** Every file that an entry point of the built package imports, and whatever is no such file. */
function importsOf(entry: string): { readonly files: Set<string>; readonly others: Set<string> } {
  const files = new Set([entry]);
  const others = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, name = ""] of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
      if (name.startsWith(".")) files.add(resolve(dirname(file), name));
      else others.add(name);
    }
  }
  return { files, others };
}

/** The packages that users of an entry point install. No other entry point may import them. */
const optionalPackages: { readonly [subpath: string]: Manifest["peerDependencies"] } = {
  "./otel": peerDependencies,
  "./apps/view/react": peerDependencies,
};

/** Dependencies of the Node entry points alone. */
const nodePackages = ["cross-spawn", "undici"];

describe("what runs in browsers and at the edge", () => {
  const portable = subpaths.filter((name) => name !== "./node" && name !== "./internal");

  it.each(portable)("%s imports nothing of Node and no package but those declared", (name) => {
    const { default: file = "" } = exports[name] as { readonly default?: string };
    const { files, others } = importsOf(join(source, file));
    expect([...files].filter((one) => !existsSync(one))).toEqual([]);
    const isOfNode = (one: string) => one.startsWith("node:") || nodePackages.includes(one);
    expect([...others].filter(isOfNode)).toEqual([]);
    const declared = { ...dependencies, ...optionalPackages[name] };
    expect([...others].filter((one) => !(one in declared))).toEqual([]);
  });
});
