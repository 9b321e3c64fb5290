/** `npm run fuzz -- <target> [--minutes N] [--seed N] [--input FILE]`: sets up, then fuzzes a target. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
const condition = "--conditions=lutra-source";
await handOver(node(condition, "--import", "tsx", "test/fuzz/main.ts", ...process.argv.slice(2)));
