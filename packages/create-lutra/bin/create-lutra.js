#!/usr/bin/env node
/**
 * `npm create lutra <folder>`: creates a server with one tool, its test and its scripts.
 *
 * Copies `template/base` and then, if requested, `template/task` and `template/gateway`.
 */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const usage = `Usage: npm create lutra [folder] -- [options]

Creates a Lutra server with one tool, its test and scripts to run it.

  folder      The new project's folder. Default: my-mcp-server
  --task      Adds a tool whose calls become tasks
  --gateway   Adds a gateway configuration with three replicas of the server, and its packages
  -h, --help  Prints this text`;

const template = fileURLToPath(new URL("../template", import.meta.url));

process.exitCode = main(process.argv.slice(2));

function main(args) {
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const needed = engines.node.replace(">=", "");
  if (!isAtLeast(process.versions.node, needed)) {
    const { node } = process.versions;
    console.error(`create-lutra: Node ${needed} or newer is needed; this is Node ${node}`);
    return 1;
  }
  const line = parse(args);
  if (line === undefined) return 2;
  if (line.values.help) {
    console.log(usage);
    return 0;
  }
  const folder = resolve(line.positionals[0] ?? "my-mcp-server");
  const problem = problemWith(folder, line.positionals);
  if (problem !== undefined) {
    console.error(`create-lutra: ${problem}`);
    return 1;
  }
  const { task = false, gateway = false } = line.values;
  writeProject(folder, { task, gateway });
  console.log(nextSteps(folder, gateway));
  return 0;
}

function isAtLeast(version, minimum) {
  const [major, minor] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = minimum.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function parse(args) {
  try {
    const flag = { type: "boolean" };
    const options = { help: { ...flag, short: "h" }, task: flag, gateway: flag };
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    console.error(`create-lutra: ${error.message}\n\n${usage}`);
    return undefined;
  }
}

/** Returns the reason why the project can't be created, or undefined. */
function problemWith(folder, positionals) {
  if (positionals.length > 1) return `expected one folder, got ${positionals.join(", ")}`;
  if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
  return `${folder} is not empty; choose another folder: npm create lutra <folder>`;
}

function writeProject(folder, { task, gateway }) {
  const layers = ["base", ...(task ? ["task"] : []), ...(gateway ? ["gateway"] : [])];
  for (const layer of layers) cpSync(join(template, layer), folder, { recursive: true });
  // npm does not add files named `.gitignore` to packages.
  renameSync(join(folder, "gitignore"), join(folder, ".gitignore"));
  const path = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.name = packageName(folder);
  nameServer(folder, manifest.name);
  if (gateway) addGateway(manifest, task);
  writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Clients and logs show the name of a server, so it is the name of its package. */
function nameServer(folder, name) {
  const path = join(folder, "src/server.ts");
  writeFileSync(path, readFileSync(path, "utf8").replace('"my-mcp-server"', JSON.stringify(name)));
}

/** Adds the commands that need the gateway, and the packages that these commands need. */
function addGateway({ scripts, dependencies }, hasTasks) {
  scripts.fleet = "lutra up src/server.ts --replicas 3";
  scripts.gateway = "lutra gateway gateway.yaml";
  dependencies["@lutra/gateway"] = dependencies["@lutra/cli"];
  // Replicas share their tasks in a SQLite file.
  if (hasTasks) dependencies.libsql = "^0.5.0";
}

/** Returns a valid package name for a folder. */
function packageName(folder) {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" ? "my-mcp-server" : name;
}

function nextSteps(folder, gateway) {
  const tool = packageManager();
  const path = relative(process.cwd(), folder);
  return [
    `Created ${folder}`,
    "",
    "Next:",
    "",
    ...(path === "" ? [] : [`  cd ${path}`]),
    `  ${tool} install`,
    `  ${tool} test          # runs the tests of the tools`,
    `  ${tool} start         # serves http://127.0.0.1:3000/mcp`,
    ...(gateway ? [`  ${tool} run gateway   # three replicas behind one address`] : []),
  ].join("\n");
}

/** Returns the package manager that runs this program. */
function packageManager() {
  const [name] = (process.env.npm_config_user_agent ?? "npm/").split("/");
  return ["pnpm", "yarn", "bun"].includes(name) ? name : "npm";
}
