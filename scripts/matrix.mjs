/**
 * `npm run test:matrix`: sets up, then runs clients of both eras against servers of both eras. npm
 * installs the clients of other authors into the cache folder. Takes about 20 minutes.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/matrix/run.ts", ...process.argv.slice(2)));
