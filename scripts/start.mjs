/** `npm start`: sets up, then hands the terminal to the walk-through of the atlas example. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "examples/atlas/start.ts", ...process.argv.slice(2)));
