/** The official conformance suite as a program, on the Node 22 that is installed beside it. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "suite/node_modules");

export const root = dirname(dirname(here));
/** The folder for the output of runs; not under version control. */
export const outFolder = join(here, "out");
export const specVersion = "2026-07-28";
/** The revisions with sessions that the suite has scenarios for, and their numbers. */
export const earlierVersions = [
  { version: "2025-11-25", scenarios: 33, passed: 80 },
  { version: "2025-06-18", scenarios: 27, passed: 56 },
  { version: "2025-03-26", scenarios: 1, passed: 3 },
] as const;

export interface SuiteRun {
  readonly exitCode: number;
  /** The output of the suite. */
  readonly output: string;
  /** A folder that contains one with `checks.json` for each scenario. */
  readonly folder: string;
}

/**
 * Runs the suite, which leaves its results in a folder called `name`. Whether the results are
 * good is for others to say: the exit code overlooks warnings.
 *
 * @param onOutput Called with the output so far, each time that there is more
 */
export async function runSuite(
  name: string,
  args: readonly string[],
  onOutput: (text: string) => void = () => {},
): Promise<SuiteRun> {
  const { node, program } = findSuite();
  const folder = join(outFolder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const child = spawn(node, [program, ...args, "-o", folder], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    // It starts dozens of times; the first one leaves its compiled code to the others.
    env: { ...process.env, NODE_COMPILE_CACHE: join(outFolder, "compiled") },
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => {
    chunks.push(chunk);
    onOutput(Buffer.concat(chunks).toString("utf8"));
  });
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  return { exitCode, output: Buffer.concat(chunks).toString("utf8"), folder };
}

/** Finds the suite and its Node; throws with the remedy when they are not installed. */
function findSuite(): { readonly node: string; readonly program: string } {
  const program = join(packages, "@modelcontextprotocol/conformance/dist/index.js");
  const { platform, arch } = process;
  const names = [
    `node-${platform.replace("win32", "win")}-${arch}`,
    `node-bin-${platform}-${arch}`,
  ];
  const binary = platform === "win32" ? "bin/node.exe" : "bin/node";
  const node = names.map((name) => join(packages, name, binary)).find(existsSync);
  if (node === undefined || !existsSync(program)) {
    throw new Error(
      `The conformance suite is not installed for ${platform} ${arch}. \`npm test\` installs it; ` +
        "so does `npm ci` in test/conformance/suite.",
    );
  }
  return { node, program };
}
