/**
 * `npm run test:runtimes`: sets up, then tries the packed package in other runtimes, in Next.js and
 * in bundlers, which npm installs into a temporary folder. Takes several minutes.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/runtimes/run.ts", ...process.argv.slice(2)));
