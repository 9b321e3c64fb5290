/**
 * `npm run test:create`: creates the projects of `npm create lutra`, with and without its options, and
 * runs their tests, their type check and their server, with every supported Node and with npm, pnpm
 * and Yarn. The packages are those of this repository, packed. Prints a table and writes it to
 * `test/create/latest.md`. Takes some minutes.
 *
 * Arguments select columns: `npm run test:create -- 22 pnpm`. The table is then not written.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { published } from "./freshness.mjs";
import { majors, nodeOf } from "./node-versions.mjs";
import { installPackage, npm, requireNode, requireScript, requireStep, root } from "./steps.mjs";

const listTools = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

const passed = "passed";

/** The registry that npm uses. */
let registry;

const variants = [[], ["--task"], ["--gateway"], ["--task", "--gateway"]];

/** The package managers: the packages that contain them, and their programs. */
const managers = [
  { name: "npm" },
  { name: "pnpm", pack: "pnpm@12.4.2", program: "pnpm/bin/pnpm.mjs" },
  { name: "yarn 1", pack: "yarn@1.22.22", program: "yarn/bin/yarn.js" },
  { name: "yarn 4", pack: "@yarnpkg/cli-dist@4.18.1", program: "@yarnpkg/cli-dist/bin/yarn.js" },
];

requireNode();
await requireScript("setup.mjs");
const asked = process.argv.slice(2);
const isAsked = (name, all) => !asked.some((word) => all.includes(word)) || asked.includes(name);
const versions = majors.filter((major) => isAsked(major, majors));
const words = managers.map(({ name }) => name.split(" ")[0]);
const used = managers.filter(({ name }) => isAsked(name.split(" ")[0], words));

const folder = mkdtempSync(join(tmpdir(), "lutra-create-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const tarballs = await pack();
const { nodes, programs, create } = await prepare();
const rows = [];
for (const manager of used) {
  for (const options of variants) rows.push({ manager, options, cells: test(options, manager) });
}
const table = tableOf(rows);
console.log(`\n${table}`);
if (asked.length === 0) writeFileSync(join(root, "test/create/latest.md"), documentOf(table));
if (rows.some(({ cells }) => cells.some((cell) => cell !== passed))) process.exitCode = 1;

/** Packs the packages. Returns the specifiers by which a project finds them. */
async function pack() {
  const flags = ["--ignore-scripts", "--pack-destination", folder];
  for (const name of published) {
    const cwd = join(root, "packages", name);
    await requireStep(`packing ${name}`, npm("pack", ...flags), { cwd });
  }
  const files = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  const nameOf = (file) => file.replace(/-\d+\.\d+\.\d+.*$/, "").replace(/^lutra-/, "@lutra/");
  return new Map(files.map((file) => [nameOf(file), `file:${join(folder, file)}`]));
}

/** Installs Node, the package managers and the program that creates projects. */
async function prepare() {
  const programs = new Map();
  for (const { name, pack, program } of used) {
    programs.set(name, pack === undefined ? npm()[1] : join(await installTool(pack), program));
  }
  const created = await installTool(tarballs.get("create-lutra"));
  const nodes = [];
  for (const version of versions) nodes.push(await nodeOf(version));
  return { nodes, programs, create: join(created, "create-lutra/bin/create-lutra.js") };
}

/** Installs a package into a folder of its own. Returns the path of its `node_modules`. */
async function installTool(specifier) {
  const tools = mkdtempSync(join(folder, "tool-"));
  writeFileSync(join(tools, "package.json"), '{ "private": true }');
  await installPackage(`installing ${basename(specifier)}`, tools, specifier);
  return join(tools, "node_modules");
}

/**
 * Creates a project and installs its packages with the oldest Node, and runs its scripts with each.
 * Returns a cell of the table for each Node.
 */
function test(options, { name }) {
  const label = ["create-lutra", ...options].join(" ");
  const project = mkdtempSync(join(folder, "project-"));
  const run = (node, args, input) =>
    runNode(node, [programs.get(name), ...args], { cwd: project, input });
  const [oldest] = nodes;
  const prepared = firstFailure(`${label} with ${name}`, {
    create: () => runNode(oldest, [create, ".", ...options], { cwd: project }),
    install: () => {
      useTarballs(project, name);
      return run(oldest, ["install"]);
    },
    check: () => run(oldest, ["run", "check"]),
  });
  const cells = nodes.map((node, index) => {
    if (prepared !== passed) return prepared;
    return firstFailure(`${label} with ${name}, Node ${versions[index]}`, {
      test: () => run(node, ["run", "test"]),
      serve: () => {
        const { status, output } = run(node, ["run", "stdio"], `${listTools}\n`);
        return { status: status === 0 && output.includes('"name":"add"') ? 0 : 1, output };
      },
    });
  });
  rmSync(project, { recursive: true, force: true });
  return cells;
}

/** Runs steps up to the first that fails, and reports them on one line. */
function firstFailure(label, steps) {
  process.stdout.write(`${label} ... `);
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  for (const [step, act] of Object.entries(steps)) {
    const { status, output } = act();
    if (status === 0) continue;
    console.log(`${step} failed after ${seconds()}`);
    console.log(output.trimEnd().split("\n").slice(-40).join("\n"));
    return `${step} failed`;
  }
  console.log(seconds());
  return passed;
}

function runNode(node, args, { cwd, input = "" }) {
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`;
  const env = { ...process.env, ...managerSettings(), PATH: path, CI: "1", NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(node, args, { cwd, input, encoding: "utf8", env });
  return { status, output: `${stdout}${stderr}` };
}

/** The settings of Yarn 4, which does not read those of npm. */
function managerSettings() {
  const [program, ...args] = npm("config", "get", "registry");
  registry ??= spawnSync(program, args, { encoding: "utf8" }).stdout.trim();
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname,
    YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
    YARN_ENABLE_TELEMETRY: "false",
  };
}

/** Lets a project use the packed packages, also where one of them depends on another. */
function useTarballs(project, manager) {
  const path = join(project, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  for (const name of Object.keys(manifest.dependencies)) {
    manifest.dependencies[name] = tarballs.get(name) ?? manifest.dependencies[name];
  }
  const own = Object.fromEntries([...tarballs].filter(([name]) => name !== "create-lutra"));
  if (manager === "npm") manifest.overrides = own;
  if (manager.startsWith("yarn")) manifest.resolutions = own;
  writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
  // Yarn 4 takes the nearest folder with a lock file for the project.
  if (manager === "yarn 4") writeFileSync(join(project, "yarn.lock"), "");
  if (manager === "pnpm") addPnpmOverrides(project, own);
}

function addPnpmOverrides(project, own) {
  const path = join(project, "pnpm-workspace.yaml");
  const lines = Object.entries(own).map(([name, file]) => `  ${JSON.stringify(name)}: ${file}\n`);
  const before = readdirSync(project).includes(basename(path)) ? readFileSync(path, "utf8") : "";
  writeFileSync(path, `${before}overrides:\n${lines.join("")}`);
}

function tableOf(results) {
  const titles = ["", ...versions.map((version) => `Node ${version}`)];
  const lines = results.map(({ manager, options, cells }) => [
    `${manager.name}: ${["create-lutra", ...options].join(" ")}`,
    ...cells,
  ]);
  const widths = titles.map((title, index) =>
    Math.max(3, title.length, ...lines.map((line) => line[index].length)),
  );
  const format = (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  return [titles, titles.map(() => "---"), ...lines].map(format).join("\n");
}

function documentOf(results) {
  const date = new Date().toISOString().slice(0, 10);
  const names = managers.map(({ pack, name }) => pack ?? name).join(", ");
  return `# Projects of \`npm create lutra\`

Each project was created, installed from packed packages and type-checked (\`check\`) on Node ${versions[0]},
and then tested (\`test\`) and served over stdio (\`stdio\`) on each Node. With ${names}, on ${date}.
Written by \`npm run test:create\`.

${results}
`;
}
