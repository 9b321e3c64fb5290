/**
 * `npm run attack -- core | gateway [parts] [--short] [--write]`: sets up, then sends hostile input and
 * measures.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

const programs = { core: "bench/attack/core.ts", gateway: "bench/attack/gateway.ts" };

requireNode();
const [what = "", ...rest] = process.argv.slice(2);
if (!Object.hasOwn(programs, what)) {
  console.error("usage: npm run attack -- core | gateway [parts] [--short] [--write]");
  process.exit(1);
}
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", programs[what], ...rest));
