/**
 * `npm run test:apps`: sets up, then shows servers with apps from npm in our host, and apps of ours in
 * the MCP Inspector, in Chromium. npm installs them into the cache folder (163 MB, and 111 MB for the
 * Inspector). Takes about 5 minutes.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/apps/host/examples.ts", ...process.argv.slice(2)));
