/**
 * Functions that the scripts of this folder share: the root folder, the required Node version, and
 * one way to run a program and report its outcome. Imports nothing that has to be installed.
 *
 * These scripts replace npm-run-all or turbo because `npm start`, `npm test` and `npm run
 * setup` work on a fresh clone, before anything is installed: they install and build first. For four
 * packages with one order, one fingerprint replaces a cache of tasks.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const tailLines = 80;

/** Ends the process when this Node is older than `engines.node` in package.json. */
export function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (isAtLeast(process.versions.node, engines.node.replace(">=", ""))) return;
  console.error(`Lutra needs Node ${engines.node}; this is Node ${process.versions.node}.`);
  console.error("Install a newer Node and run the same command again.");
  process.exit(1);
}

/** Compares dotted versions number by number; a part that is missing counts as 0. */
export function isAtLeast(version, minimum) {
  const have = version.split(".").map(Number);
  for (const [index, wanted] of minimum.split(".").map(Number).entries()) {
    if ((have[index] ?? 0) !== wanted) return (have[index] ?? 0) > wanted;
  }
  return true;
}

/**
 * Runs a program quietly behind one line, `label ... 8.1 s`. Resolves to true when it succeeded.
 * On failure prints `tail` lines of its output (all of them by default) and the remedy. What runs
 * `beside` something else says nothing before that has ended, since both have one terminal.
 */
export async function step(label, command, options = {}) {
  const { cwd = root, remedy, tail = Number.POSITIVE_INFINITY, showOutput = false } = options;
  const { beside } = options;
  if (beside === undefined) process.stdout.write(`${label} ... `);
  const start = performance.now();
  const { code, output } = await run(command, cwd);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  await beside;
  if (beside !== undefined) process.stdout.write(`${label} ... `);
  if (code === 0) {
    console.log(showOutput ? `${seconds}  ${output.trim()}` : seconds);
    return true;
  }
  console.log(`failed after ${seconds}`);
  console.log(output.trimEnd().split("\n").slice(-tail).join("\n"));
  if (remedy !== undefined) console.log(`\n${remedy}`);
  return false;
}

/** Like `step`, for what the rest cannot do without: ends the process when it fails. */
export async function requireStep(label, command, options = {}) {
  if (!(await step(label, command, { tail: tailLines, ...options }))) process.exit(1);
}

/** Installs exactly what the lock file of `folder` names. */
export async function install(label, folder, options = {}) {
  await requireStep(label, npm("ci", "--no-audit", "--no-fund", "--loglevel=error"), {
    ...options,
    cwd: folder,
    remedy: `The installation failed. Once npm reaches its registry, run in ${folder}: npm ci`,
  });
}

/** Installs one package into `folder`, without running its scripts. */
export async function installPackage(label, folder, ...specifiers) {
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await requireStep(label, npm("install", ...flags, "--prefer-offline", ...specifiers), {
    cwd: folder,
    remedy: `The installation failed. Once npm reaches its registry, run the same command again.`,
  });
}

/** A Node program of this repository, run by the Node that runs this script. */
export function node(...args) {
  return [process.execPath, ...args];
}

/** Runs another script of this folder in the same terminal; ends the process when it fails. */
export async function requireScript(name) {
  const command = [join(root, "scripts", name)];
  const code = await ended(spawn(process.execPath, command, { cwd: root, stdio: "inherit" }));
  if (code !== 0) process.exit(code);
}

/** Runs another program in this terminal and exits with its code. */
export async function handOver(command) {
  process.exit(await runHere(command));
}

/**
 * Runs another program in this terminal; resolves to its exit code. Forwards signals from outside;
 * Ctrl-C at a terminal reaches it anyway, so that one is not sent twice. With `copyTo`, the output also
 * goes to the end of that file, and `variables` are added to the environment.
 */
export async function runHere(command, { variables = {}, copyTo } = {}) {
  const stdio = copyTo === undefined ? "inherit" : ["inherit", "pipe", "pipe"];
  const options = { cwd: root, stdio, env: { ...env(), ...variables } };
  const child = spawn(command[0], command.slice(1), options);
  if (copyTo !== undefined) copyOutput(child, copyTo);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  return ended(child);
}

/** Passes the output of a process on, and writes it to a file. */
function copyOutput(child, file) {
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on("data", (chunk) => appendFileSync(file, chunk));
    from.pipe(to, { end: false });
  }
}

/** npm, run by the Node that runs this script where it can be found. */
export function npm(...args) {
  const program = npmProgram();
  return program === undefined ? ["npm", ...args] : node(program, ...args);
}

/** The path of npm's own program, so that it runs on this Node and not on the first in PATH. */
function npmProgram() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
    join(dirname(process.execPath), "node_modules/npm/bin/npm-cli.js"),
  ];
  return candidates.find((path) => path && basename(path) === "npm-cli.js" && existsSync(path));
}

/** Runs a program; resolves to its exit code and what it printed. */
export async function run([program, ...args], cwd = root) {
  const shell = process.platform === "win32" && program === "npm";
  const stdio = ["ignore", "pipe", "pipe"];
  const child = spawn(program, args, { cwd, stdio, shell, env: env(program) });
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  const code = await ended(child).catch((error) => {
    chunks.push(Buffer.from(String(error)));
    return 1;
  });
  return { code, output: Buffer.concat(chunks).toString("utf8") };
}

/** The exit code, or the shell's number for the signal that ended the program. */
function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** The environment of a child, in which `node` is the Node that runs the child or this script. */
function env(program = process.execPath) {
  const node = isAbsolute(program) ? program : process.execPath;
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`;
  return { ...process.env, PATH: path };
}
