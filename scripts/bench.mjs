/**
 * `npm run bench`: sets up, then measures Lutra side by side with a floor and its peers. `-- apps` measures
 * the first paint of apps in Chromium.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
const [group, ...args] = process.argv.slice(2);
const isApps = group === "apps";
const program = isApps ? "bench/apps/first-paint.ts" : "bench/start.ts";
await handOver(node("--import", "tsx", program, ...(isApps ? args : process.argv.slice(2))));
