/** `npm run conformance`: sets up, then runs the official suite against server and client. */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";
import { installSuite } from "./suite.mjs";

requireNode();
await requireScript("setup.mjs");
await installSuite();
await handOver(node("--import", "tsx", "test/conformance/run-suite.ts"));
