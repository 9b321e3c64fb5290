/**
 * `npm run test:langchain`: sets up, installs LangChain into the folder of its test, and compiles and
 * runs the test. Also compiles the block of docs/agents.md. The installation has 71 MB, too much for `npm run setup`.
 */
import { join } from "node:path";
import { isInstallStale } from "./freshness.mjs";
import {
  handOver,
  install,
  node,
  requireNode,
  requireScript,
  requireStep,
  root,
} from "./steps.mjs";

const folder = "test/bridges/langchain";

requireNode();
await requireScript("setup.mjs");
if (isInstallStale(join(root, folder))) {
  await install("installing LangChain", join(root, folder));
}
const blocks = node(
  "--import",
  "tsx",
  "tools/docs-blocks.ts",
  "test:langchain",
  `${folder}/.lutra`,
);
await requireStep("writing the blocks of the docs", blocks);
const tsc = node("node_modules/typescript/bin/tsc", "-p", folder);
await requireStep("checking types", tsc);
await handOver(
  node("node_modules/vitest/vitest.mjs", "run", "--config", `${folder}/vitest.config.ts`),
);
