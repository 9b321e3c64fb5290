/**
 * `npm run test:versions`: runs the unit tests, and the tests of TypeScript modules, on every
 * supported major version of Node but the one that runs this script, which `npm test` covers. The
 * tests of TypeScript modules also run on the oldest supported version. Arguments name other
 * versions: `npm run test:versions -- 22 24`. With `--short`, only the unit tests of folders that
 * depend on modules of Node.
 */
import { majors, nodeOf, oldest, running } from "./node-versions.mjs";
import { requireNode, requireScript, step } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
const isShort = process.argv.includes("--short");
const asked = process.argv.slice(2).filter((argument) => argument !== "--short");
const folders = ["packages/cli", "packages/stores", "packages/lutra/src/transport"];
const versions = asked.length > 0 ? asked : majors.filter((version) => version !== running);

const results = asked.length > 0 ? [] : [await testModules(oldest)];
for (const version of versions) results.push(await testUnits(version), await testModules(version));
if (results.includes(false)) process.exit(1);

async function testUnits(version) {
  return test(`unit tests on Node ${version}`, version, [
    "--project",
    "unit",
    ...(isShort ? folders : []),
  ]);
}

/** The way in which modules load depends on the version more than anything else. */
async function testModules(version) {
  const files = ["test/cli/typescript.test.ts", "test/gateway/reload-modules.test.ts"];
  return test(`TypeScript modules on Node ${version}`, version, ["--project", "e2e", ...files]);
}

async function test(label, version, args) {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...args];
  return step(label, [await nodeOf(version), ...vitest], { tail: 80 });
}
