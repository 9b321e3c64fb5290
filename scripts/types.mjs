/**
 * `npm run test:types`: sets up, then compiles the examples of the documents against the packed
 * packages with each supported minor version of TypeScript, which npm installs into the cache folder.
 * Takes about 15 minutes. Arguments select versions: `npm run test:types -- 5.4 7.0`.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/types/run.ts", ...process.argv.slice(2)));
