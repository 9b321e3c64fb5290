/** `npm run chaos -- gateway|tasks|eras [seconds]`: sets up, then kills replicas under load and counts. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

const programs = {
  gateway: "bench/chaos/gateway-kills.ts",
  tasks: "bench/chaos/tasks-kills.ts",
  eras: "bench/chaos/eras-kills.ts",
};

requireNode();
const [what = "", ...rest] = process.argv.slice(2);
if (!Object.hasOwn(programs, what)) {
  console.error("usage: npm run chaos -- gateway|tasks|eras [seconds]");
  process.exit(1);
}
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", programs[what], ...rest));
