/**
 * `npm test`: sets up, checks, then runs every test, except for the project `pages`. Arguments go on
 * to vitest, for instance `npm test -- --project unit`. With `--recheck`, as in CI, up to four files
 * that failed are run once more, alone, and named as unstable if they pass. At the end, everything that
 * the tests have written is searched for the secrets of their fixtures.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesToRecheck, unstableLines } from "./recheck.mjs";
import { node, requireNode, requireScript } from "./steps.mjs";
import { installSuite } from "./suite.mjs";
import { openRun } from "./watched-run.mjs";

requireNode();
// The suite waits for the registry, and the build for the processors.
const setup = requireScript("setup.mjs");
await Promise.all([setup, installSuite({ beside: setup })]);
await requireScript("check.mjs");

const given = process.argv.slice(2);
const selects = given.some((arg) => arg.startsWith("--project"));
const args = selects ? given : ["--project=!pages", ...given];
const vitest = node("node_modules/vitest/vitest.mjs", "run");
const recheck = args.includes("--recheck");
const run = openRun();
const report = join(run.folder, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const own = args.filter((arg) => arg !== "--recheck");

let code = await run.run([...vitest, ...(recheck ? reporters : []), ...own]);
const failed = recheck && code !== 0;
const files = failed ? filesToRecheck(JSON.parse(readFileSync(report, "utf8"))) : undefined;
if (files !== undefined) {
  const names = files.map(({ name }) => name);
  console.log(`Running again, alone: ${names.join(", ")}`);
  code = await run.run([...vitest, "--no-file-parallelism", ...names]);
  if (code === 0) console.log(unstableLines(files).join("\n"));
}
const isClean = await run.search();
run.close();
process.exit(code === 0 && !isClean ? 1 : code);
