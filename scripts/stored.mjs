/** `npm run stored [tasks] [--write]`: sets up, then measures stores that contain many tasks. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "bench/stored/tasks.ts", ...process.argv.slice(2)));
