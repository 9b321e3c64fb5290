/**
 * `npm run site`: sets up, builds the documentation site into site/dist, and checks its links.
 * `--serve` then shows it on this machine; `--browser` opens every page in Chromium (`CHROMIUM` in the
 * environment names its program).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isInstallStale } from "./freshness.mjs";
import { handOver, install, node, requireNode, requireStep, root, step } from "./steps.mjs";

const folder = join(root, "site");
const vitepress = join(folder, "node_modules/vitepress/bin/vitepress.js");
const preview = node(vitepress, "preview", folder, "--port", "4173");
const address = "http://localhost:4173/";

requireNode();
if (isInstallStale(root)) await install("installing dependencies", root);
if (isInstallStale(folder)) await install("installing VitePress", folder);
const tool = (name) => node("--import", "tsx", `tools/${name}.ts`);
await requireStep("pages", tool("site"), { showOutput: true });
await requireStep("site", node(vitepress, "build", folder));
await requireStep("links of the site", tool("site-check"), { showOutput: true });

if (process.argv.includes("--browser")) {
  const server = spawn(preview[0], preview.slice(1), {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  const command = node("site/browser.mjs", address);
  const isGood = await step("pages in Chromium", command, { showOutput: true });
  server.kill();
  if (!isGood) process.exit(1);
}
if (process.argv.includes("--serve")) await handOver(preview);
console.log("\nBuilt in site/dist. To read it: npm run site -- --serve");
