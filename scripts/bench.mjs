/** `npm run bench`: sets up, then measures Lutra side by side with a floor and its peers. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "bench/start.ts", ...process.argv.slice(2)));
