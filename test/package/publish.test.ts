/** Packs `lutra`, `@lutra/*` and `create-lutra` as for publishing, lints them, and installs them together. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const packages = ["lutra", "stores", "gateway", "migrate", "console", "cli"];
const published = [...packages, "create-lutra"];
const folderOf = (name: string) => join(root, "packages", name);

let project: string;
const tarballs = new Map<string, string>();
const contents = new Map<string, readonly string[]>();

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "lutra-publish-"));
  for (const name of published) {
    const flags = ["--json", "--ignore-scripts", "--pack-destination", project];
    const [pack] = JSON.parse(run("npm", ["pack", ...flags], folderOf(name)));
    tarballs.set(name, join(project, pack.filename));
    contents.set(
      name,
      pack.files.map(({ path }: { path: string }) => path),
    );
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

describe.each(published)("the package in packages/%s", (name) => {
  it("contains a README and a licence", () => {
    expect(contents.get(name)).toEqual(expect.arrayContaining(["README.md", "LICENSE"]));
  });

  it("contains the sources that its source maps name", () => {
    const files = contents.get(name) ?? [];
    const absent = files
      .filter((file) => file.endsWith(".map"))
      .flatMap((file) => {
        const map = JSON.parse(readFileSync(join(folderOf(name), file), "utf8"));
        return map.sources.filter((_: string, index: number) => !map.sourcesContent?.[index]);
      });
    expect(files.length).toBeGreaterThan(0);
    expect(absent).toEqual([]);
  });

  it("names its repository, and is published in public with provenance", () => {
    const manifest = JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8"));
    expect(manifest).toMatchObject({
      license: "Apache-2.0",
      homepage: expect.stringContaining(`packages/${name}`),
      bugs: expect.stringMatching(/^https:/),
      repository: { type: "git", directory: `packages/${name}` },
      publishConfig: { access: "public", provenance: true },
    });
  });

  it("passes publint", async () => {
    const { messages, pkg } = await publint({ pkgDir: folderOf(name), strict: true });
    expect(messages.map((message) => formatMessage(message, pkg as never))).toEqual([]);
  });
});

describe.each(packages.filter((name) => name !== "cli"))("the types of packages/%s", (name) => {
  it("resolve for every module resolution of ESM", () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    // The sandbox of hosts is a page, which has no types.
    const flags = ["--profile", "esm-only", "--format", "json"];
    const pages = ["--exclude-entrypoints", "./apps/host/sandbox.html"];
    const args = [attw, tarballs.get(name) ?? "", ...flags, ...pages];
    const { analysis } = JSON.parse(run(process.execPath, args, project));
    expect(analysis.types).toMatchObject({ kind: "included" });
    const problems = analysis.problems.filter(
      ({ resolutionKind }: { resolutionKind?: string }) =>
        resolutionKind !== "node10" && resolutionKind !== "node16-cjs",
    );
    expect(problems).toEqual([]);
  });
});

const installFlags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];

/** Creates a folder with a server, and installs the given packages of this repository into it. */
function install(folder: string, names: readonly string[]): string {
  const path = join(project, folder);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), '{ "private": true, "type": "module" }');
  writeFileSync(join(path, "server.mjs"), server);
  const files = names.map((name) => tarballs.get(name) ?? "");
  run("npm", ["install", ...installFlags, ...files], path);
  return path;
}

const server = `
  import { createServer, defineTool } from "lutra/server";

  const number = { type: "number" };
  const add = defineTool({
    name: "add",
    inputSchema: { type: "object", properties: { a: number, b: number } },
    outputSchema: { type: "object", properties: { sum: number } },
    call: ({ a, b }) => ({ sum: a + b }),
  });
  export default createServer({ name: "calculator", version: "1.0.0", tools: [add] });`;

interface InstalledPackage {
  readonly hasInstallScript?: boolean;
}

function installedIn(folder: string): ReadonlyMap<string, InstalledPackage> {
  const text = readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8");
  return new Map(Object.entries(JSON.parse(text).packages as Record<string, InstalledPackage>));
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function lutra(folder: string, ...args: readonly string[]) {
  const program = join(folder, "node_modules/@lutra/cli/bin/lutra.js");
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" });
}

describe("the command lutra, installed alone", () => {
  let folder: string;
  beforeAll(() => {
    folder = install("command", ["lutra", "stores", "cli"]);
  }, 180_000);

  it("installs at most 30 packages and 25 MB, without an install script", () => {
    const installed = installedIn(folder);
    expect(installed.size).toBeLessThanOrEqual(30);
    expect(bytesOf(join(folder, "node_modules"))).toBeLessThanOrEqual(25_000_000);
    expect([...installed].filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  });

  it("installs neither a schema library nor an engine", () => {
    const names = [...installedIn(folder).keys()].map((path) => path.replace("node_modules/", ""));
    const left = ["zod", "libsql", "pg", "ioredis", "tsx", "esbuild", "@lutra/gateway"];
    expect(names.filter((name) => left.includes(name))).toEqual([]);
  });

  it("is found by npx", () => {
    expect(run("npx", ["--no-install", "lutra", "--help"], folder)).toContain("serve <module>");
  });

  it("serves a TypeScript module over stdio", () => {
    writeFileSync(join(folder, "server.ts"), `${server}\nenum Level { Low }`);
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const input = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/list",
      params: { _meta },
    });
    const program = join(folder, "node_modules/@lutra/cli/bin/lutra.js");
    const args = [program, "serve", "server.ts", "--stdio"];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: "utf8",
      input: `${input}\n`,
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout).result.tools).toMatchObject([{ name: "add" }]);
  });

  it.each([
    [["up", "server.mjs"], "lutra up needs the package @lutra/gateway"],
    [["gateway", "check", "gateway.yaml"], "lutra gateway needs the package @lutra/gateway"],
    [["migrate", "."], "lutra migrate needs the package @lutra/migrate"],
    [["inspect", "server.mjs"], "lutra inspect needs the package @lutra/console"],
    [["serve", "server.mjs", "--store", "sqlite:./a.db"], "SQLite needs the package libsql"],
    [["serve", "server.mjs", "--store", "postgres://a/b"], "Postgres needs the package pg"],
  ])("names the command that installs the package for %j", (args, message) => {
    const { status, stderr } = lutra(folder, ...args);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/install it with: npm install \S+\n$/);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("the packages, installed together", () => {
  const program = `
    import { createClient } from "lutra/client";
    import { serveHttp } from "lutra/node";
    import server from "./server.mjs";

    const { url, close } = await serveHttp(server, { port: 0 });
    const client = createClient(url);
    const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
    await client.close();
    await close();
    console.log(JSON.stringify(structuredContent));`;
  let folder: string;

  beforeAll(() => {
    folder = install("app", packages);
    writeFileSync(join(folder, "program.mjs"), program);
  }, 180_000);

  it("run a server and a client", () => {
    expect(JSON.parse(run(process.execPath, ["program.mjs"], folder))).toEqual({ sum: 3 });
  });

  it("have one copy of each package", () => {
    const copies = [...installedIn(folder).keys()].filter((path) =>
      /node_modules\/(?:lutra|@lutra\/\w+)$/.test(path),
    );
    expect(copies.sort()).toEqual([
      "node_modules/@lutra/cli",
      "node_modules/@lutra/console",
      "node_modules/@lutra/gateway",
      "node_modules/@lutra/migrate",
      "node_modules/@lutra/stores",
      "node_modules/lutra",
    ]);
  });

  it("export what other packages import", () => {
    const load = `
      const names = ["@lutra/stores", "@lutra/gateway"];
      const found = [];
      for (const name of names) found.push(...Object.keys(await import(name)));
      found.push(import.meta.resolve("@lutra/gateway/schema.json"));
      console.log(JSON.stringify(found));`;
    const found = run(process.execPath, ["--input-type=module", "--eval", load], folder);
    expect(JSON.parse(found)).toEqual(
      expect.arrayContaining([
        "openStore",
        "startGateway",
        expect.stringMatching(/node_modules\/@lutra\/gateway\/schema\.json$/),
      ]),
    );
  });

  it("run a fleet without SQLite, unless the server needs a store", async () => {
    const program = join(folder, "node_modules/@lutra/cli/bin/lutra.js");
    const args = [program, "up", "server.mjs", "--port", "0", "--replicas", "2"];
    const fleet = spawn(process.execPath, args, { cwd: folder });
    const [first] = await once(fleet.stdout.setEncoding("utf8"), "data");
    fleet.kill();
    await once(fleet, "close");
    expect(first).toMatch(/^listening on http:/);

    const withTasks = server
      .replace("tools: [add]", "tools: [add], extensions: [tasks()]")
      .replace("import", 'import { tasks } from "lutra/tasks";\nimport');
    writeFileSync(join(folder, "tasks.mjs"), withTasks);
    const { status, stderr } = lutra(folder, "up", "tasks.mjs", "--port", "0");
    expect(status).toBe(1);
    expect(stderr).toContain(
      "SQLite needs the package libsql; install it with: npm install libsql",
    );
  });
});
