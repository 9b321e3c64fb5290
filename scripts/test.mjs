/**
 * `npm test`: sets up, checks, then runs every test, except for the project `pages`. Arguments go on
 * to vitest, for instance `npm test -- --project unit`. With `--recheck`, as in CI, up to four files
 * that failed are run once more, alone, and named as unstable if they pass.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesToRecheck, unstableLines } from "./recheck.mjs";
import { handOver, node, requireNode, requireScript, runHere } from "./steps.mjs";
import { installSuite } from "./suite.mjs";

requireNode();
// The suite waits for the registry, and the build for the processors.
const setup = requireScript("setup.mjs");
await Promise.all([setup, installSuite({ beside: setup })]);
await requireScript("check.mjs");

const given = process.argv.slice(2);
const selects = given.some((arg) => arg.startsWith("--project"));
const args = selects ? given : ["--project=!pages", ...given];
const vitest = node("node_modules/vitest/vitest.mjs", "run");
if (!args.includes("--recheck")) await handOver([...vitest, ...args]);

const folder = mkdtempSync(join(tmpdir(), "lutra-report-"));
const report = join(folder, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const code = await runHere([...vitest, ...reporters, ...args.filter((arg) => arg !== "--recheck")]);
const files = code === 0 ? undefined : filesToRecheck(JSON.parse(readFileSync(report, "utf8")));
rmSync(folder, { recursive: true });
if (files === undefined) process.exit(code);

const names = files.map(({ name }) => name);
console.log(`Running again, alone: ${names.join(", ")}`);
const codeAlone = await runHere([...vitest, "--no-file-parallelism", ...names]);
if (codeAlone === 0) console.log(unstableLines(files).join("\n"));
process.exit(codeAlone);
