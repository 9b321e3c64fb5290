/** `npm run check`: everything that can be said about the code without running it. */
import { availableParallelism } from "node:os";
import { isBuildStale, isInstallStale } from "./freshness.mjs";
import { install, node, requireNode, root, step } from "./steps.mjs";

requireNode();
if (isInstallStale(root)) await install("installing dependencies", root);

const biome = ["node_modules/@biomejs/biome/bin/biome", "check", ".", "--error-on-warnings"];
const tsc = "node_modules/typescript/bin/tsc";
const knip = ["node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints"];
const tool = (...args) => node("--import", "tsx", ...args);

const results = [
  await step("format and lint", node(...biome, "--max-diagnostics=100"), {
    remedy: "Much of this is corrected by: npx biome check --write .",
  }),
  // The build is the type check of the packages, and the tests see its declarations.
  !isBuildStale(root) || (await step("build", node("scripts/build.mjs"))),
  // These are compiled along with the tests.
  await step("code blocks of the docs", tool("tools/docs-blocks.ts"), { showOutput: true }),
  await step("types of tests and examples", node(tsc, "-p", "tsconfig.test.json")),
  ...(await inParallel([
    ["specification map", tool("tools/spec-map.ts", "--check")],
    ["CLI reference", tool("tools/cli-reference.ts", "--check")],
    ["gateway reference", tool("tools/gateway-reference.ts", "--check")],
    ["table of deprecations", tool("tools/deprecation-table.ts", "--check")],
    ["tables of clients", tool("tools/compatibility-tables.ts", "--check")],
    ["API reference", tool("tools/api-reference.ts", "--check")],
    ["list of pages", tool("tools/llms.ts", "--check")],
    ["rules for tests", tool("tools/test-rules.ts"), { showOutput: true }],
    ["sizes", tool("tools/sizes.ts"), { showOutput: true }],
    ["language", tool("tools/language.ts"), { showOutput: true }],
    ["limits", tool("tools/limits.ts"), { showOutput: true }],
    ["error pages", tool("tools/error-pages.ts"), { showOutput: true }],
    ["links", tool("tools/links.ts"), { showOutput: true }],
    ["unused exports", node(...knip)],
    ["commit titles", tool("tools/commit-titles.ts"), { showOutput: true }],
  ])),
];

if (results.includes(false)) process.exit(1);

/**
 * Runs steps that depend on no other, as many at a time as there are processors. Prints them in their
 * order. Resolves to their results.
 */
async function inParallel(steps) {
  const results = [];
  for (const [index, [label, command, options]] of steps.entries()) {
    // A step ends after those before it.
    await results[index - availableParallelism()];
    results.push(step(label, command, { ...options, beside: results.at(-1) }));
  }
  return Promise.all(results);
}
