/**
 * `npm test`: sets up, checks, then runs every test. Arguments go on to vitest, for instance
 * `npm test -- --project unit`.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";
import { installSuite } from "./suite.mjs";

requireNode();
requireScript("setup.mjs");
await installSuite();
requireScript("check.mjs");
await handOver(node("node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)));
