/** `npm run conformance`: sets up, then runs the official conformance suite alone. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";
import { installSuite } from "./suite.mjs";

requireNode();
requireScript("setup.mjs");
await installSuite();

const tests = ["run", "--project", "e2e", "test/conformance/"];
await handOver(node("node_modules/vitest/vitest.mjs", ...tests, ...process.argv.slice(2)));
