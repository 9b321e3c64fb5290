/** Projects that `npm create lutra` creates: their types are right, and their tests pass. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "packages/create-lutra/bin/create-lutra.js");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "create-lutra-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function create(args: readonly string[], agent = "npm/11.0.0") {
  const env = { ...process.env, npm_config_user_agent: agent };
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8", env });
}

function runIn(project: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, args, { cwd: project, encoding: "utf8", env: ownEnv() });
}

/** Runs a script of the project's `package.json`, as npm does. */
function runScript(project: string, name: string) {
  const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  const settings = { cwd: project, encoding: "utf8", shell: true, env: ownEnv() } as const;
  return spawnSync(scripts[name], settings);
}

/** The environment without the settings of the test runner around this test. */
function ownEnv() {
  const names = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|TEST)/.test(name));
  return Object.fromEntries(names);
}

describe.each([
  ["plain", []],
  ["with-task", ["--task"]],
  ["with-gateway", ["--gateway"]],
  ["with-both", ["--task", "--gateway"]],
] as const)("create-lutra %s", (name, options) => {
  let project: string;
  beforeAll(() => {
    const { status, stderr } = create([name, ...options]);
    expect(status, stderr).toBe(0);
    project = join(folder, name);
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
  });

  it("creates a project whose tests pass", () => {
    const { status, stdout, stderr } = runScript(project, "test");
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/pass [1-9]/);
  });

  it("creates a project whose types are right", () => {
    const { status, stdout } = runIn(project, "node_modules/typescript/bin/tsc");
    expect(status, stdout).toBe(0);
  });

  it("declares the packages that its scripts need", () => {
    const { scripts, dependencies } = JSON.parse(
      readFileSync(join(project, "package.json"), "utf8"),
    );
    const needsGateway = Object.values<string>(scripts).some((script) =>
      /^lutra (up|gateway)/.test(script),
    );
    expect("@lutra/gateway" in dependencies).toBe(needsGateway);
    expect(needsGateway).toBe(name === "with-gateway" || name === "with-both");
    expect("libsql" in dependencies).toBe(name === "with-both");
  });

  it("names the package and the server after its folder", () => {
    const server = readFileSync(join(project, "src/server.ts"), "utf8");
    expect(server).toContain(`name: "${name}"`);

    const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
    expect(manifest.name).toBe(name);
    expect(existsSync(join(project, ".gitignore"))).toBe(true);
  });
});

it("creates a gateway configuration that the gateway accepts", () => {
  const { status } = create(["checked", "--gateway"]);
  expect(status).toBe(0);
  const project = join(folder, "checked");
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
  const lutra = join(root, "packages/cli/bin/lutra.js");
  const checked = runIn(project, lutra, "gateway", "check", "gateway.yaml");
  expect(checked.status, checked.stdout + checked.stderr).toBe(0);
});

it("refuses a folder that is not empty, and names the remedy", () => {
  mkdirSync(join(folder, "full/src"), { recursive: true });
  const { status, stderr } = create(["full"]);
  expect(status).toBe(1);
  expect(stderr).toContain("is not empty; choose another folder: npm create lutra <folder>");
});

it("refuses an unknown option and prints the usage", () => {
  const { status, stderr } = create(["x", "--tasks"]);
  expect(status).toBe(2);
  expect(stderr).toContain("--tasks");
  expect(stderr).toContain("Usage: npm create lutra");
  expect(existsSync(join(folder, "x"))).toBe(false);
});

it.each([
  ["pnpm/10.0.0 npm/? node/v20", "pnpm install"],
  ["yarn/4.0.0 npm/? node/v20", "yarn install"],
  ["npm/11.0.0 node/v20", "npm install"],
])("prints the commands of the package manager in use: %s", (agent, command) => {
  const name = `agent-${agent.slice(0, 3)}`;
  const { stdout } = create([name], agent);
  expect(stdout).toContain(`cd ${name}\n  ${command}`);
});
