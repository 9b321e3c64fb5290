/**
 * `npm test`: sets up, checks, then runs every test. Arguments go on to vitest, for instance
 * `npm test -- --project unit`.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";
import { installSuite } from "./suite.mjs";

requireNode();
// The suite waits for the registry, and the build for the processors.
const setup = requireScript("setup.mjs");
await Promise.all([setup, installSuite({ beside: setup })]);
await requireScript("check.mjs");
await handOver(node("node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)));
