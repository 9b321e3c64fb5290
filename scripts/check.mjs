/** `npm run check`: everything that can be said about the code without running it. */
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
  await step("specification map", tool("tools/spec-map.ts", "--check")),
  await step("CLI reference", tool("tools/cli-reference.ts", "--check")),
  await step("gateway reference", tool("tools/gateway-reference.ts", "--check")),
  await step("table of deprecations", tool("tools/deprecation-table.ts", "--check")),
  await step("tables of clients", tool("tools/compatibility-tables.ts", "--check")),
  await step("API reference", tool("tools/api-reference.ts", "--check")),
  await step("list of pages", tool("tools/llms.ts", "--check")),
  await step("rules for tests", tool("tools/test-rules.ts"), { showOutput: true }),
  await step("sizes", tool("tools/sizes.ts"), { showOutput: true }),
  await step("language", tool("tools/language.ts"), { showOutput: true }),
  await step("limits", tool("tools/limits.ts"), { showOutput: true }),
  await step("error pages", tool("tools/error-pages.ts"), { showOutput: true }),
  await step("links", tool("tools/links.ts"), { showOutput: true }),
  await step("unused exports", node(...knip)),
  await step("commit titles", tool("tools/commit-titles.ts"), { showOutput: true }),
];

if (results.includes(false)) process.exit(1);
