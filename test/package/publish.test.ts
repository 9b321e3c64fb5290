/** Packs `lutra` and `@lutra/*` as for publishing, lints them, and installs them together. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const packages = ["lutra", "stores", "gateway", "cli"];
const folderOf = (name: string) => join(root, "packages", name);

let project: string;
const tarballs = new Map<string, string>();
const contents = new Map<string, readonly string[]>();

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "lutra-publish-"));
  for (const name of packages) {
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

describe.each(packages)("the package in packages/%s", (name) => {
  it("contains a README and a licence", () => {
    expect(contents.get(name)).toEqual(expect.arrayContaining(["README.md", "LICENSE"]));
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
    const args = [attw, tarballs.get(name) ?? "", "--profile", "esm-only", "--format", "json"];
    const { analysis } = JSON.parse(run(process.execPath, args, project));
    expect(analysis.types).toMatchObject({ kind: "included" });
    const problems = analysis.problems.filter(
      ({ resolutionKind }: { resolutionKind?: string }) =>
        resolutionKind !== "node10" && resolutionKind !== "node16-cjs",
    );
    expect(problems).toEqual([]);
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
  let folder: string;

  beforeAll(() => {
    folder = join(project, "app");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    writeFileSync(join(folder, "server.mjs"), server);
    writeFileSync(join(folder, "program.mjs"), program);
    const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    run("npm", ["install", ...flags, ...tarballs.values()], folder);
  }, 180_000);

  it("run a server and a client", () => {
    expect(JSON.parse(run(process.execPath, ["program.mjs"], folder))).toEqual({ sum: 3 });
  });

  it("have one copy of each package", () => {
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    const copies = Object.keys(lock.packages).filter((path) =>
      /node_modules\/(?:lutra|@lutra\/\w+)$/.test(path),
    );
    expect(copies.sort()).toEqual([
      "node_modules/@lutra/cli",
      "node_modules/@lutra/gateway",
      "node_modules/@lutra/stores",
      "node_modules/lutra",
    ]);
  });

  it("provide the command lutra", () => {
    expect(run("npx", ["--no-install", "lutra", "--help"], folder)).toContain("serve <module>");
  });

  it("export what other packages import", () => {
    const load = `
      const names = ["@lutra/stores", "@lutra/gateway"];
      const found = [];
      for (const name of names) found.push(...Object.keys(await import(name)));
      console.log(JSON.stringify(found));`;
    const found = run(process.execPath, ["--input-type=module", "--eval", load], folder);
    expect(JSON.parse(found)).toEqual(expect.arrayContaining(["openStore", "startGateway"]));
  });
});
