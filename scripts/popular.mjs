/**
 * `npm run test:popular`: sets up, then puts servers over stdio from npm behind the gateway. npm
 * installs them into the cache folder. Takes about 10 minutes.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/matrix/popular.ts", ...process.argv.slice(2)));
